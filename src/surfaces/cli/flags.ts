import { Failure } from "../../kernel/failure.ts";
import type { Field } from "../../registry/field.ts";
import { nearNames } from "../../registry/near.ts";
import type { Operation } from "../../registry/operation.ts";
import { pointerOf } from "../../registry/parse.ts";
import { flagsOf, type CommonFlag, type Flag } from "./command-flags.ts";
import { commandName } from "./command-name.ts";

export type Arguments = {
  readonly positionals: readonly string[];
  readonly common: ReadonlyMap<CommonFlag, string>;
  readonly texts: ReadonlyMap<Field, readonly string[]>;
  /** Fields whose text is in a file, by path; `-` is standard input. */
  readonly files: ReadonlyMap<Field, string>;
};

/**
 * Sorts what follows a command: `--flag value`, `--flag=value`, `--switch`, `--no-switch`, `--flag-file path`, and
 * words without dashes. After `--` everything is a word.
 *
 * @throws Failure invalid for a flag that does not exist, lacks its value, or has one it cannot take
 */
export function readArguments(it: Operation, args: readonly string[]): Arguments {
  const { positionals, given } = split(it, args);
  const common = new Map<CommonFlag, string>();
  const texts = new Map<Field, string[]>();
  const files = new Map<Field, string>();
  for (const { flag, value } of given) {
    const { of, name } = flag;
    if (of.kind === "common") once(common, of.flag, value, name);
    else if (of.kind === "file") once(files, of.field, value, name);
    else texts.set(of.field, [...(texts.get(of.field) ?? []), value]);
  }
  return { positionals, common, texts, files };
}

type Given = { readonly flag: Flag; readonly value: string };

function split(it: Operation, args: readonly string[]): { positionals: string[]; given: Given[] } {
  const flags = flagsOf(it);
  const positionals: string[] = [];
  const given: Given[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] === "-h" ? "--help" : (args[i] ?? "");
    if (arg === "--") return { positionals: [...positionals, ...args.slice(i + 1)], given };
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) {
      positionals.push(arg);
      continue;
    }
    const flag = flags.get(name) ?? unknownFlag(name, it, [...flags.keys()]);
    const next = flag.alone ?? inline ?? args[i + 1];
    if (inline === undefined && flag.alone === undefined) i++;
    given.push({ flag, value: valueOf(flag, inline, next) });
  }
  return { positionals, given };
}

function valueOf(flag: Flag, inline: string | undefined, next: string | undefined): string {
  const { name, alone, of } = flag;
  if (inline !== undefined) {
    if (alone === undefined || alone === "true") return inline;
    throw new Failure("invalid", `--${name} takes no value.`, { hint: `Write --${name} alone.` });
  }
  if (next !== undefined && (alone !== undefined || !next.startsWith("--"))) return next;
  throw new Failure("invalid", `--${name} needs a value.`, {
    ...(of.kind !== "common" && { pointer: pointerOf([of.field.name]) }),
    hint: `Write --${name} <value>, or --${name}=<value> when the value begins with dashes.`,
  });
}

function unknownFlag(name: string, it: Operation, names: readonly string[]): never {
  const [near] = nearNames(name, names);
  throw new Failure("invalid", `There is no flag --${name.slice(0, 100)}.`, {
    hint: near === undefined ? `\`sluice ${commandName(it)} --help\` lists them.` : `Did you mean --${near}?`,
  });
}

function once<K>(map: Map<K, string>, key: K, value: string, name: string): void {
  if (map.has(key))
    throw new Failure("invalid", `--${name} is given twice.`, { hint: `Give --${name} once.` });
  map.set(key, value);
}
