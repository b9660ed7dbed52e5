import { z } from "zod";
import type { Scope } from "../kernel/principal.ts";
import type { Context } from "./context.ts";
import type { InParts } from "./in-parts.ts";
import { fieldsInput } from "./row-fields.ts";

/** Everything a surface knows of an operation. REST, OpenAPI, MCP, CLI, audit and docs are generated from it. */
export type Described<N extends string, I extends z.ZodObject, O extends z.ZodObject> = {
  /** The MCP tool, OpenAPI operationId, CLI command (with dashes) and audit action. */
  readonly name: N;
  readonly title: string;
  /** At most two sentences: tool description, OpenAPI summary, CLI help. */
  readonly does: string;
  readonly verb: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v1`, path parameters as `:name`. */
  readonly path: `/${string}`;
  readonly scope: Scope;
  /** `person`: in no workspace, of whoever calls as a user; its unit is of the whole server. */
  readonly of: "workspace" | "person";
  /** `people`: REST and CLI only, because secrets pass through it, or because people are to decide it. What it answers is not kept for repeated calls. */
  readonly reach: "everywhere" | "people";
  /**
   * Marks a field that must not be audited with `.meta({ secret: true })`, and one whose shape is too long for a list of
   * tools with `.meta({ brief: true })`: it is read from `describe_operation` when it is needed.
   */
  readonly input: I;
  readonly output: O;
};

export type Read<N extends string, I extends z.ZodObject, O extends z.ZodObject> = Described<N, I, O> & {
  readonly effect: "read";
  /** The member of the output that is a list of rows, or several, of which callers may ask for some members by `fields`. */
  readonly rows?: string | readonly string[];
  // Methods, not properties, so that an operation of any shape is usable as an Operation.
  run(input: z.output<I>, context: Context): Promise<z.input<O>>;
};

export type Change<N extends string, I extends z.ZodObject, O extends z.ZodObject> = Described<N, I, O> & {
  readonly effect: "change";
  /** Removes something: MCP's destructiveHint. */
  readonly destructive: boolean;
  /** Why it cannot be undone; null when it can. */
  readonly undoNone: string | null;
  /** Writes through `context.unit` alone; a dry run differs only in that nothing is committed. */
  run(input: z.output<I>, context: Context): Promise<z.input<O>>;
};

export type Act<N extends string, I extends z.ZodObject, O extends z.ZodObject, P = unknown> = Described<
  N,
  I,
  O
> & {
  readonly effect: "act";
  readonly destructive: boolean;
  /** Absent: one call is one call. */
  readonly inParts?: InParts;
  /** Reads and decides; all that a dry run executes. */
  plan(input: z.output<I>, context: Context): Promise<P>;
  /** What a dry run answers. */
  preview(plan: P, context: Context): z.input<O>;
  /** Carries the plan out, after the call is committed and audited. Safe to repeat for the same plan. */
  perform(plan: P, context: Context): Promise<z.input<O>>;
};

export type Operation =
  | Read<string, z.ZodObject, z.ZodObject>
  | Change<string, z.ZodObject, z.ZodObject>
  | Act<string, z.ZodObject, z.ZodObject>;

type Written<T> = Omit<T, "effect" | "of" | "reach"> & Partial<Pick<Operation, "of" | "reach">>;

const usual = { of: "workspace", reach: "everywhere" } as const;

export function read<N extends string, I extends z.ZodObject, O extends z.ZodObject>(
  it: Written<Read<N, I, O>>,
): Read<N, I, O> {
  return { ...usual, ...it, effect: "read" };
}

export function change<N extends string, I extends z.ZodObject, O extends z.ZodObject>(
  it: Written<Change<N, I, O>>,
): Change<N, I, O> {
  return { ...usual, ...it, effect: "change" };
}

export function act<N extends string, I extends z.ZodObject, O extends z.ZodObject, P>(
  it: Written<Act<N, I, O, P>>,
): Act<N, I, O, P> {
  return { ...usual, ...it, effect: "act" };
}

const workspaceId = z.string().max(100).optional().describe("Which, if you have several.");
const dryRun = z.boolean().optional().describe("true = check and tell, change nothing.");
const wouldChange = z
  .array(z.object({ kind: z.string(), id: z.string(), before: z.json(), after: z.json() }))
  .optional()
  .describe("In a dry run: the records that would change.");

const inputs = new WeakMap<Operation, z.ZodObject>();
const outputs = new WeakMap<Operation, z.ZodObject>();

/** The input as callers see it: the operation's own fields, `fields` and `workspaceId` where there is one, and `dryRun` on every write. */
export function publicInput(it: Operation): z.ZodObject {
  return remembered(inputs, it, () =>
    z.strictObject({
      ...it.input.shape,
      ...(it.effect === "read" && it.rows !== undefined && { fields: fieldsInput.optional() }),
      ...(it.of === "workspace" && { workspaceId }),
      ...(it.effect !== "read" && { dryRun }),
    }),
  );
}

/** The output as callers see it. Loose, so that a field added later breaks no client that cached the schema. */
export function publicOutput(it: Operation): z.ZodObject {
  return remembered(outputs, it, () => {
    const marks = it.effect === "read" ? {} : { dryRun: z.literal(true).optional(), wouldChange };
    return z.looseObject({ ...it.output.shape, ...marks });
  });
}

function remembered(
  map: WeakMap<Operation, z.ZodObject>,
  it: Operation,
  make: () => z.ZodObject,
): z.ZodObject {
  const known = map.get(it);
  if (known !== undefined) return known;
  const made = make();
  map.set(it, made);
  return made;
}
