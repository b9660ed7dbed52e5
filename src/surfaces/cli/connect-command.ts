import { parseArgs } from "node:util";
import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { connectClients, connectForms, reaches, type ConnectForm } from "../../registry/connect-form.ts";
import type { Call } from "./call.ts";
import type { Builtin } from "./command-name.ts";
import { visibleText } from "./visible-text.ts";

/** As lists of commands and completion know it. */
export const connectBuiltin: Builtin = {
  name: "connect",
  does: "Shows how to connect an agent to this server: connect [<client>] [--json].",
  words: connectClients,
  flags: [{ name: "json", does: "Prints the forms as JSON.", bare: true }],
};

const path = "/api/mcp";
const Metadata = z.object({ resource: z.url({ protocol: /^https?$/ }).endsWith(path) });

type Asked = { readonly client: string | undefined; readonly json: boolean };

/**
 * `sluice connect [<client>]`, for the address that the server calls its own.
 *
 * @throws Failure invalid for other words; not_found when there is no MCP server at the address
 */
export async function runConnect(
  args: readonly string[],
  { call, print }: { readonly call: Call; readonly print: (text: string) => void },
): Promise<number> {
  const { client, json } = parsed(args);
  const forms = connectForms(await publicUrl(call)).filter(
    (it) => client === undefined || it.client === client,
  );
  print(json ? visibleText(JSON.stringify({ forms }, null, 2)) : forms.map(formText).join("\n\n"));
  return 0;
}

function parsed(args: readonly string[]): Asked {
  const hint = "`sluice connect` alone shows every client.";
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: "boolean" } },
      allowPositionals: true,
    });
    const [client, ...more] = positionals;
    if (more.length === 0 && (client === undefined || connectClients.some((it) => it === client)))
      return { client, json: values.json === true };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new Failure("invalid", "connect takes the name of one client, or none, and --json.", {
    allowed: [...connectClients],
    hint,
  });
}

/** Tokens are made out to the address that the server calls its own, so it is asked for that. */
async function publicUrl(call: Call): Promise<string> {
  const [metadata, there] = await Promise.all([
    call("GET", `/.well-known/oauth-protected-resource${path}`),
    call("GET", path),
  ]);
  const told = Metadata.safeParse(metadata.json);
  if (told.success && there.status !== 404) return told.data.resource.slice(0, -path.length);
  throw new Failure("not_found", "There is no MCP server at this address.", {
    hint: "Check --url, and that MCP_SERVER_ENABLED is not false.",
  });
}

function formText({ title, by, place, text, reach, note }: ConnectForm): string {
  const head = `${title}, ${by === "key" ? "with an API key" : "by signing in"}`;
  const indented = visibleText(text).replaceAll(/^/gm, "  ");
  return [
    `${head}: ${plain(place)}`,
    "",
    indented,
    "",
    plain([note, reaches[reach]].filter(Boolean).join(" ")),
  ].join("\n");
}

/** Without the marks of Markdown, which mean nothing in a terminal. */
function plain(text: string): string {
  return text.replaceAll(/[`*]/g, "");
}
