import { fieldsOf, type Field } from "../../registry/field.ts";
import type { Operation } from "../../registry/operation.ts";
import { flagName } from "./command-name.ts";

/** Flags of every command, whatever its fields. */
export const commonFlags = [
  {
    name: "input",
    value: "file",
    does: "Reads the input as a JSON object from a file, `-` (standard input) or inline text.",
  },
  {
    name: "idempotency-key",
    value: "key",
    does: "Makes a repeated call harmless: answers as the first time, for 24 h.",
  },
  { name: "yes", value: null, does: "Confirms a command that removes something." },
  { name: "json", value: null, does: "Prints the answer as JSON." },
  { name: "help", value: null, does: "Explains the command." },
] as const;

export type CommonFlag = (typeof commonFlags)[number]["name"];

export type Flag = {
  readonly name: string;
  /** What it means when it is given alone; undefined = it needs a value. */
  readonly alone: string | undefined;
  readonly of:
    | { readonly kind: "text" | "file"; readonly field: Field }
    | { readonly kind: "common"; readonly flag: CommonFlag };
};

/** The fields of an operation that have a flag; one named like a common flag is given by `--input` alone. */
export function flaggedFields(it: Operation): readonly Field[] {
  return fieldsOf(it).filter(({ name }) => commonFlags.every((flag) => flag.name !== flagName(name)));
}

/** A field given by a flag without a value: `--paused` and `--no-paused`. */
export function isSwitch({ takes }: Field): boolean {
  return takes.has("boolean") && !takes.has("string") && !takes.has("number");
}

/** The flags of a command by name. A field's own flag wins over one derived from another field's name. */
export function flagsOf(it: Operation): ReadonlyMap<string, Flag> {
  const fields = flaggedFields(it);
  const flags: readonly Flag[] = [
    ...fields.map(derivedFlag),
    ...fields.map((field) => ({
      name: flagName(field.name),
      alone: isSwitch(field) ? "true" : undefined,
      of: { kind: "text" as const, field },
    })),
    ...commonFlags.map(({ name, value }) => ({
      name,
      alone: value === null ? "" : undefined,
      of: { kind: "common" as const, flag: name },
    })),
  ];
  return new Map(flags.map((flag) => [flag.name, flag]));
}

function derivedFlag(field: Field): Flag {
  const name = flagName(field.name);
  return isSwitch(field)
    ? { name: `no-${name}`, alone: "false", of: { kind: "text", field } }
    : { name: `${name}-file`, alone: undefined, of: { kind: "file", field } };
}
