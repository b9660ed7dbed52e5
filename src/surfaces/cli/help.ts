import { boundsOf } from "../../registry/bounds.ts";
import { pathParameters, type Field } from "../../registry/field.ts";
import type { Operation } from "../../registry/operation.ts";
import { commandName, flagName, type Builtin } from "./command-name.ts";
import { commonFlags, flaggedFields, isSwitch } from "./command-flags.ts";

const nameWidth = 30;

/** All commands, operations by the first part of their path. */
export function overview(operations: readonly Operation[], builtins: readonly Builtin[]): string {
  const groups = Map.groupBy(operations, ({ path }) => path.split("/")[1] ?? "");
  return [
    "Usage: sluice <command> [flags]",
    "",
    ...section(
      "",
      builtins.map(({ name, does }) => [name, does]),
    ),
    ...[...groups].flatMap(([group, list]) =>
      section(
        group,
        list.map((it) => [commandName(it), it.title]),
      ),
    ),
    ...section("every command", [
      ["--url <url>", "The server's address."],
      ["--key <key>", "The API key; others on this machine can read command lines, so prefer the setting."],
      ["--json", "Prints the answer as JSON."],
      ["--help", "Explains the command."],
    ]),
  ].join("\n");
}

/** What a command does that is no operation. */
export function builtinText({ name, does, flags = [], shortFor = [] }: Builtin): string {
  const rows = flags.map((flag): [string, string] => [
    `--${flag.name}${flag.bare ? "" : " <text>"}`,
    flag.does,
  ]);
  const short = shortFor.map(({ words, operation }): [string, string] => [
    [name, ...words].join(" "),
    commandName({ name: operation }),
  ]);
  return [
    `sluice ${name}: ${does}`,
    ...(rows.length > 0 ? ["", ...section("flags", rows)] : []),
    ...section("short for, with the same flags", short),
  ].join("\n");
}

/** What one command does and takes. */
export function explanation(it: Operation): string {
  const parts = pathParameters(it.path);
  const fields = flaggedFields(it);
  const effect =
    it.effect === "read"
      ? "changes nothing"
      : it.destructive
        ? "removes something; needs --yes"
        : "changes something";
  return [
    `Usage: sluice ${[commandName(it), ...parts.map((part) => `<${part}>`)].join(" ")} [flags]`,
    "",
    it.does,
    `Needs the scope ${it.scope}; ${effect}.`,
    "",
    ...section(
      "flags",
      fields.map((field) => [flagUsage(field), saidOf(field, parts.includes(field.name))]),
    ),
    ...section(
      "every command",
      commonFlags.map(({ name, value, does }) => [
        value === null ? `--${name}` : `--${name} <${value}>`,
        does,
      ]),
    ),
    "Any value is also read from a file with --<flag>-file <path>; `-` is standard input.",
  ].join("\n");
}

function section(title: string, rows: readonly (readonly [string, string])[]): readonly string[] {
  if (rows.length === 0) return [];
  return [
    ...(title === "" ? [] : [`${title}:`]),
    ...rows.map(([name, does]) => `  ${fitted(name)}${does}`),
    "",
  ];
}

function fitted(name: string): string {
  return name.length < nameWidth ? name.padEnd(nameWidth) : `${name}\n  ${" ".repeat(nameWidth)}`;
}

function flagUsage(field: Field): string {
  const flag = flagName(field.name);
  return isSwitch(field) ? `--[no-]${flag}` : `--${flag} <${kindName(field)}>`;
}

function kindName({ takes, itemTakes, schema }: Field): string {
  const kinds = takes.has("array") ? itemTakes : takes;
  if (kinds.has("string")) return "text";
  if (kinds.has("object")) return "json";
  return schema.type === "integer" ? "integer" : "number";
}

function saidOf(field: Field, inPath: boolean): string {
  const { schema, takes, allowed } = field;
  const facts = [
    field.required || inPath ? "required" : "",
    allowed.length > 0 ? `one of ${allowed.join(", ")}` : boundsOf(schema),
    takes.has("array") ? "repeat for several" : "",
    takes.has("object") ? "as JSON" : "",
    takes.has("null") && allowed.length === 0 ? "`null` = none" : "",
    schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
    field.secret ? `secret: prefer --${flagName(field.name)}-file` : "",
  ].filter((fact) => fact !== "");
  const does = schema.description ?? "";
  return [does, facts.length > 0 ? `(${facts.join("; ")})` : ""].filter((text) => text !== "").join(" ");
}
