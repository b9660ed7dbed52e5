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
