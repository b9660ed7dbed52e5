import { Failure } from "../../kernel/failure.ts";
import { fieldsOf } from "../../registry/field.ts";
import type { Operation } from "../../registry/operation.ts";
import { commandName } from "./command-name.ts";

/** Where the server is and who asks. */
export type Connection = { readonly url: string; readonly key: string | null };

/**
 * Takes `--url` and `--key` out of a command line; what is not given is as in `settings`. After a command that has a
 * field of that name the flag is the field's: give the connection before the command then.
 *
 * @throws Failure invalid when a value is missing
 */
export function connectionFlags(
  argv: readonly string[],
  settings: Connection,
  operations: readonly Operation[],
): Connection & { readonly rest: readonly string[] } {
  const taken = new Map<string, string>();
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? "";
    const [, name, inline] = /^--(url|key)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined || fieldNames(rest, operations).includes(name)) {
      rest.push(arg);
      continue;
    }
    const value = inline ?? argv[++i];
    if (value === undefined || value === "" || value.startsWith("--"))
      throw new Failure("invalid", `--${name} needs a value.`, { hint: `Write --${name} <value>.` });
    taken.set(name, value);
  }
  return { url: taken.get("url") ?? settings.url, key: taken.get("key") ?? settings.key, rest };
}

/** Of the command that these words begin, if any. */
function fieldNames(words: readonly string[], operations: readonly Operation[]): readonly string[] {
  const word = words[0] === "call" ? words[1] : words[0];
  const it = operations.find((each) => each.name === word || commandName(each) === word);
  return it === undefined ? [] : fieldsOf(it).map(({ name }) => name);
}
