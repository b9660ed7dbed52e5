import { Failure } from "../../kernel/failure.ts";
import { nearNames } from "../../registry/near.ts";
import type { Operation } from "../../registry/operation.ts";

/** A command that is no operation, such as `serve`. */
export type Builtin = {
  readonly name: string;
  readonly does: string;
  /** What may follow it, and its flags, for completion. */
  readonly words?: readonly string[];
  readonly flags?: readonly { readonly name: string; readonly does: string; readonly bare: boolean }[];
  /** Words that may follow it and stand, with it, for the name of an operation. */
  readonly shortFor?: readonly ShortFor[];
};

export type ShortFor = { readonly words: readonly string[]; readonly operation: string };

/** Whether a command is followed by a word where its words are short for operations. */
export function isShort([name, word = ""]: readonly string[], builtins: readonly Builtin[]): boolean {
  const { shortFor = [] } = builtins.find((it) => it.name === name) ?? {};
  return shortFor.length > 0 && word !== "" && !word.startsWith("-");
}

/**
 * A command line with the operation's name in place of the words that are short for it; any other as it is.
 *
 * @throws Failure invalid when such a command is followed by words that are short for nothing
 */
export function spelledOut(argv: readonly string[], builtins: readonly Builtin[]): readonly string[] {
  if (!isShort(argv, builtins)) return argv;
  const [name = "", ...rest] = argv;
  const { shortFor = [] } = builtins.find((it) => it.name === name) ?? {};
  const fitting = shortFor.filter(({ words }) => words.every((each, i) => rest[i] === each));
  const [longest] = fitting.toSorted((a, b) => b.words.length - a.words.length);
  if (longest !== undefined) return [longest.operation, ...rest.slice(longest.words.length)];
  const given = rest.filter((word) => !word.startsWith("-")).slice(0, 2);
  throw new Failure("invalid", `"${given.join(" ").slice(0, 100)}" means nothing after ${name}.`, {
    allowed: shortFor.map(({ words }) => words.join(" ")),
    hint: `\`sluice help ${name}\` explains them.`,
  });
}

/** `create_endpoint` is typed `create-endpoint`. */
export function commandName({ name }: Pick<Operation, "name">): string {
  return name.replaceAll("_", "-");
}

/** `targetUrl` is typed `--target-url`. */
export function flagName(field: string): string {
  return field
    .replaceAll("_", "-")
    .replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
}

/** @throws Failure invalid that names the command that was most likely meant */
export function operationNamed(
  word: string,
  operations: readonly Operation[],
  builtins: readonly Builtin[],
): Operation {
  const found = operations.find((it) => it.name === word || commandName(it) === word);
  if (found !== undefined) return found;
  const [near] = nearNames(word, [...operations.map(commandName), ...builtins.map(({ name }) => name)]);
  throw new Failure("invalid", `There is no command "${word.slice(0, 100)}".`, {
    hint: near === undefined ? "`sluice help` lists all commands." : `Did you mean \`sluice ${near}\`?`,
  });
}
