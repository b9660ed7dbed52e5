import { z } from "zod";
import { Failure } from "../kernel/failure.ts";

const fieldsMax = 50;

/** How callers ask for less of each row, where an operation answers rows. */
export const fieldsInput = z
  .array(z.string().max(100))
  .min(1)
  .max(fieldsMax)
  .describe("Only these members of each row.");

/** Where an operation answers rows: the members of its output, and what their rows have. */
export type Rows = { readonly names: readonly string[]; readonly members: readonly string[] };

/** What is told of rows by the operation that answers them. */
type Answering = {
  readonly name: string;
  readonly rows?: string | readonly string[];
  readonly output: z.ZodObject;
};

export function rowsOf(it: Answering): Rows | undefined {
  if (it.rows === undefined) return undefined;
  const shape: z.core.$ZodShape = it.output.shape;
  const names = [it.rows].flat();
  const members = names.flatMap((name) => {
    const list = shape[name];
    if (!(list instanceof z.ZodArray) || !(list.element instanceof z.ZodObject))
      throw new Error(`${it.name} has no list of rows ${name}`);
    return Object.keys(list.element.shape);
  });
  return { names, members: [...new Set(members)] };
}

/** @throws Failure invalid at the first name that is no member of a row */
export function refuseUnknownFields({ members }: Rows, asked: readonly string[]): void {
  const unknown = asked.findIndex((name) => !members.includes(name));
  if (unknown < 0) return;
  throw new Failure("invalid", "The rows have no such member.", {
    pointer: `/fields/${unknown}`,
    allowed: members,
  });
}

type Output = Readonly<Record<string, unknown>>;

/** An output whose rows have what was asked for alone. */
export function withFields(output: Output, { names }: Rows, asked: readonly string[]): Output {
  const wanted = new Set(asked);
  const fewer = names.map((name) => {
    const rows = z.array(z.record(z.string(), z.unknown())).parse(output[name]);
    return [
      name,
      rows.map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => wanted.has(key)))),
    ] as const;
  });
  return { ...output, ...Object.fromEntries(fewer) };
}
