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
};

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
