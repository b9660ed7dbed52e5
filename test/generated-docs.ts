// Pages of the guide that are made from the code, so that they cannot say anything else than it does.
import { variables } from "../src/config.ts";
import { planes } from "../src/planes/planes.ts";
import type { Reading } from "../src/planes/webhooks/incoming.ts";
import type { Handshake, Provider } from "../src/planes/webhooks/provider.ts";
import { providers } from "../src/planes/webhooks/providers.ts";
import { describeScheme } from "../src/planes/webhooks/scheme.ts";
import { fieldsOf, pathParameters, type Field } from "../src/registry/field.ts";
import { connectForms, reaches, type ConnectForm } from "../src/registry/connect-form.ts";
import type { Operation } from "../src/registry/operation.ts";
import { commandName, flagName } from "../src/surfaces/cli/command-name.ts";

const made = (from: string): string =>
  `<!-- Made from ${from}: edit that, then run \`node --test --test-update-snapshots test/generated-docs.test.ts\`. -->`;

/** Markdown by path from the root of the repository. */
export const generatedDocs: ReadonlyMap<string, () => string> = new Map([
  ["docs/guide/configuration.md", configurationPage],
  ["docs/guide/connecting.md", connectingPage],
  ["docs/guide/operations.md", operationsPage],
  ["docs/guide/providers.md", providersPage],
]);

const ofTheCommandLine: ReadonlySet<string> = new Set(["SLUICE_URL", "SLUICE_API_KEY"]);

function configurationPage(): string {
  const all = Object.entries(variables);
  const section = (title: string, wanted: boolean): string =>
    [
      `## ${title}`,
      ...all
        .filter(([name]) => ofTheCommandLine.has(name) === wanted)
        .map(([name, { does, example, fallback }]) =>
          [
            `### ${name}`,
            does,
            `Default: ${fallback === "" ? "none" : `\`${fallback}\``}. Example: \`${name}=${example}\``,
          ].join("\n\n"),
        ),
    ].join("\n\n");
  return page(
    "src/config.ts",
    "Configuration",
    [
      "Everything is set by environment variables, and there is no configuration file. A variable that is absent or empty",
      "has its default. A wrong value, or a name with our prefix that is no setting, ends the start with every problem found",
      "and an example for each; nothing is guessed.",
    ].join("\n"),
    section("The server", false),
    section("The command line", true),
  );
}

function connectingPage(): string {
  const forms = connectForms("http://127.0.0.1:8080");
  const of = (wanted: ConnectForm["by"]): readonly string[] =>
    forms.filter(({ by }) => by === wanted).map(connectSection);
  return page(
    "src/registry/connect-form.ts",
    "Connecting a client",
    [
      "`sluice connect` prints all of this with your server's own address, `sluice connect cursor` what one client needs. Give",
      "clients exactly the address that the server calls its own (`SLUICE_PUBLIC_URL`, or the one it prints), since the tokens of",
      "those that sign in are made out to it.",
    ].join("\n"),
    "## With an API key",
    [
      "Put your key in place of `mk_…`: the first start prints one and `sluice create-api-key` makes one. Connect each client with",
      "a key of its own: `sluice list-credentials` tells when each was last used, and revoking one stops one client.",
    ].join("\n"),
    ...of("key"),
    "## By signing in",
    [
      "No key: the client opens a browser. `sluice list-connected-clients` shows who is connected, `sluice revoke-connected-client`",
      "ends one at once.",
    ].join("\n"),
    ...of("oauth"),
  );
}

function connectSection({ title, place, language, text, reach, note }: ConnectForm): string {
  return [
    `### ${title}`,
    `In ${place}:`,
    (language === "sh" ? ["```console", `$ ${text}`, "```"] : ["```" + language, text, "```"]).join("\n"),
    [note, reaches[reach]].filter((it) => it !== null).join(" "),
  ].join("\n\n");
}

function operationsPage(): string {
  const sections = planes.map(({ name, operations }) =>
    [`## The plane ${name}`, ...operations.map(operationSection)].join("\n\n"),
  );
  const index = planes.flatMap(({ operations }) =>
    operations.map((it) => [`[${it.name}](#${it.name})`, code(address(it)), code(it.scope), reachOf(it)]),
  );
  return page(
    "the operations of src/planes/",
    "Operations",
    [
      "One operation is one MCP tool, one REST route and one command. The name is that of the tool and the OpenAPI",
      "`operationId`; the command has dashes in place of underscores. Every one also takes `workspaceId`, which is needed only",
      "by a credential for several workspaces, and every one that changes or does something takes `dryRun`.",
    ].join("\n"),
    table(["operation", "REST", "scope", "reached over"], index),
    ...sections,
  );
}

function operationSection(it: Operation): string {
  const own: ReadonlySet<string> = new Set(Object.keys(it.input.shape));
  const fields = fieldsOf(it).filter(({ name }) => own.has(name));
  const inPath = pathParameters(it.path);
  const command = ["sluice", commandName(it), ...inPath.map((part) => `<${flagName(part)}>`)].join(" ");
  return [
    `### ${it.name}`,
    it.does,
    [
      `- REST: ${code(address(it))}`,
      `- Command: ${code(command)}`,
      `- Scope: ${code(it.scope)}; ${effectOf(it)}`,
      `- Reached over ${reachOf(it)}`,
    ].join("\n"),
    fields.length === 0
      ? "It takes no input of its own."
      : table(
          ["field", "takes", "what it is"],
          fields.map((field) => [
            code(field.name),
            takenBy(field, inPath.includes(field.name)),
            field.schema.description ?? "",
          ]),
        ),
  ].join("\n\n");
}

function address({ verb, path }: Operation): string {
  return `${verb} /api/v1${path.replaceAll(/:(\w+)/g, "{$1}")}`;
}

function reachOf({ reach }: Operation): string {
  return reach === "people" ? "REST and the command line only" : "MCP, REST and the command line";
}

function effectOf(it: Operation): string {
  if (it.effect === "read") return "changes nothing";
  const undo = it.effect === "change" && it.undoNone !== null ? `, and cannot be undone: ${it.undoNone}` : "";
  const does = it.effect === "act" ? "does something in the world" : "changes configuration";
  return `${does}${it.destructive ? ", destructive" : ""}${undo}`;
}

function takenBy(field: Field, inPath: boolean): string {
  const { schema, takes, allowed, required, secret } = field;
  const facts = [
    allowed.length > 0 ? allowed.map(code).join(", ") : kindOf(field),
    boundsOf(schema),
    takes.has("null") && !takes.has("object") && !allowed.includes("null") ? "or null" : "",
    required || inPath ? "**required**" : "",
    schema.default === undefined ? "" : `default ${code(JSON.stringify(schema.default))}`,
    secret ? "never audited, logged or shown" : "",
  ];
  return facts.filter((fact) => fact !== "").join("; ");
}

function kindOf({ takes, itemTakes }: Field): string {
  if (takes.has("object")) return takes.has("string") ? "any JSON" : "object";
  if (takes.has("array")) return `list of ${[...itemTakes].join(" or ")}`;
  return [...takes].filter((kind) => kind !== "null").join(" or ");
}

function boundsOf({ minimum, maximum, minLength, maxLength, minItems, maxItems }: Field["schema"]): string {
  return (
    between(minimum, maximum, "") ||
    between(minLength, maxLength, " characters") ||
    between(minItems, maxItems, " items")
  );
}

function between(from: number | undefined, to: number | undefined, unit: string): string {
  const least = from === undefined || Math.abs(from) === Number.MAX_SAFE_INTEGER ? undefined : from;
  const most = to === undefined || to === Number.MAX_SAFE_INTEGER ? undefined : to;
  if (least === undefined) return most === undefined ? "" : `at most ${most}${unit}`;
  return most === undefined ? `at least ${least}${unit}` : `${least} to ${most}${unit}`;
}

function providersPage(): string {
  return page(
    "src/planes/webhooks/providers.ts",
    "Providers",
    [
      "A preset says how one provider signs, what tells its events apart, and how it checks that the address is yours. Name",
      "it as `provider` when you create an endpoint; any of its names will do, in any spelling. Requests are refused with 401",
      "until the signing secret is stored, and from then on unless the signature fits.",
      "",
      "The MCP prompt `setup_webhook` answers step by step where to click at each of them.",
    ].join("\n"),
    table(
      ["provider", "signature header", "event id", "handshake"],
      providers.map((it) => [
        `[${it.title}](#${anchor(it.title)})`,
        code(headerOf(it)),
        it.dedupeId === null ? "none" : placeOf(it.dedupeId),
        it.handshake === null ? "none" : it.handshake.method,
      ]),
    ),
    ...providers.map(providerSection),
  );
}

function providerSection({ name, title, aliases, ...it }: Provider): string {
  return [
    `## ${title}`,
    [
      `- Provider: ${code(name)}; also known as ${aliases.map(code).join(", ")}`,
      `- Verified by: ${describeScheme(it.scheme)}`,
      `- The secret: ${it.guide.secret}`,
      `- Repeats are told by: ${it.dedupeId === null ? "nothing, every request is an event of its own" : placeOf(it.dedupeId)}`,
      `- Event type: ${it.eventType === null ? "not told" : placeOf(it.eventType)}`,
      `- Handshake: ${it.handshake === null ? "none" : handshakeText(it.handshake)}`,
    ].join("\n"),
  ].join("\n\n");
}

function headerOf({ scheme }: Provider): string {
  return scheme.algorithm === "token" ? scheme.token.header : scheme.signature.header;
}

function handshakeText({ method, when, token, challenge }: Handshake): string {
  const checked = token === undefined ? "" : `, if ${placeOf(token)} equals the verify token you stored`;
  return `a ${method} whose ${placeOf(when.at)} is \`${when.equals}\` is answered with ${placeOf(challenge)}${checked}`;
}

function placeOf(reading: Reading): string {
  if ("header" in reading) return `header \`${reading.header}\``;
  return "query" in reading ? `query parameter \`${reading.query}\`` : `\`${reading.pointer}\` of the body`;
}

function page(from: string, title: string, ...parts: readonly string[]): string {
  return `${[made(from), `# ${title}`, ...parts].join("\n\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

/** As GitHub makes it from a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
