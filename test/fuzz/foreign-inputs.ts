import fc from "fast-check";
import { fieldsOf } from "../../src/registry/field.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { hurried, inputsOf, validInputs } from "./inputs.ts";
import type { Stranger } from "./strangers.ts";

/** Inputs as of every operation, and ones in which a field that takes text says what names something of others. */
export function foreignInputs(it: Operation, { known, secret }: Stranger): fc.Arbitrary<object> {
  const texts = fieldsOf(it).filter(({ schema }) => schema.type === "string");
  const plain = inputsOf(it, known);
  if (texts.length === 0) return plain;
  const naming = fc
    .tuple(validInputs(it, known), fc.constantFrom(...texts), fc.constantFrom(...secret))
    .map(([input, { name }, text]) => hurried(it, { ...input, [name]: text }));
  return fc.oneof(plain, naming);
}

/** The fields that give something a name. */
const givers = ["name", "slug"];

/**
 * Inputs that make something where somebody may, under the name of something of others, or try it; undefined when the
 * operation gives nothing in a place a name.
 */
export function namingInputs(
  it: Operation,
  { known, secret, place }: Stranger,
): fc.Arbitrary<object> | undefined {
  const fields = fieldsOf(it).map(({ name }) => name);
  const naming = givers.filter((name) => fields.includes(name));
  const isPlaced = Object.keys(place).every((name) => fields.includes(name));
  if (it.effect !== "change" || naming.length === 0 || !isPlaced) return undefined;
  const names = givers
    .flatMap((name) => known[name] ?? [])
    .filter((name) => secret.some((text) => text === name));
  return fc
    .tuple(
      fc.noBias(validInputs(it, known)),
      fc.constantFrom(...naming),
      fc.constantFrom(...names),
      fc.boolean(),
    )
    .map(([input, name, text, dryRun]) => ({ ...input, ...place, [name]: text, dryRun }));
}
