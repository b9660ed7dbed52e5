import { z } from "zod";
import type { Exchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { isConfined } from "../../../kernel/principal.ts";
import { quoted } from "../../../kernel/quoted.ts";
import type { Context } from "../../../registry/context.ts";
import { requirePlace } from "../../../registry/environment.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { inOrder, nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { change, read, type Operation } from "../../../registry/operation.ts";
import type { Resource, Row } from "../../../registry/resource.ts";
import { Preview, previewOf } from "./preview.ts";
import { ruleEnvironment, ruleName, rulesMax } from "./rule.ts";

/** One kind of rule: what is asked for, what it is stored as, and what it would do. */
export type RuleKind<S extends z.ZodObject> = {
  readonly resource: Resource<S>;
  /** Such as `redaction` and `redactions`. */
  readonly noun: string;
  readonly plural: string;
  /** What such a rule does, as the end of a sentence. */
  readonly does: string;
  /** What is asked for besides a name and an environment. */
  readonly form: z.ZodObject;
  /** Whether headers and bodies are looked at. */
  needsContent(value: z.output<S>): boolean;
  /** What a list of them tells besides, in which form and what. */
  readonly besides?: { readonly shape: z.ZodRawShape; readonly values: Readonly<Record<string, unknown>> };
  /** Who may list them. */
  readonly listedTo: Operation["reach"];
  /** What the rule would have been about. @throws Failure invalid that points into the form */
  matcher(value: z.output<S>): (exchange: Exchange) => boolean;
};

const Key = z.object({ createdAt: z.int(), id: z.string().max(100) });
const ruleId = z.string().min(1).max(100).describe("Its id.");
/** Rules are written by people, who are shown what a rule would have matched before it is in force. */
const written = { scope: "traffic_rules:write", reach: "people", undoNone: null } as const;

/** List, create, update and delete for one kind of rule. */
export function ruleOperations<S extends z.ZodObject>(kind: RuleKind<S>): readonly Operation[] {
  return [listOf(kind), createOf(kind), updateOf(kind), deleteOf(kind)];
}

function listOf<S extends z.ZodObject>(kind: RuleKind<S>) {
  const { resource, plural, does } = kind;
  return read({
    name: `list_${plural}`,
    title: `List ${plural}`,
    does: `Lists the rules that ${does}.`,
    verb: "GET",
    path: `/${plural}`,
    scope: "traffic:read",
    rows: plural,
    reach: kind.listedTo,
    input: z.object(pageInput),
    output: z.object({ [plural]: z.array(viewShape(kind)), ...kind.besides?.shape, nextCursor }),
    async run(asked, { unit, principal }) {
      const rows = await unit.find(resource, { limit: rulesMax });
      const own = principal.confines.environment;
      const seen = rows.filter(({ value }) => own === undefined || [null, own].includes(placeOf(value)));
      // The oldest first: where several match, that is the one that decides.
      const source = inOrder(seen, { key: Key, keyOf: ({ createdAt, id }) => ({ createdAt, id }) });
      const page = await pageOf(asked, source, (shown) => shown.map((row) => viewOf(kind, row)));
      return { [plural]: page.rows, ...kind.besides?.values, nextCursor: page.nextCursor };
    },
  });
}

function createOf<S extends z.ZodObject>(kind: RuleKind<S>) {
  const { resource, noun, plural, does, form } = kind;
  return change({
    ...written,
    name: `create_${noun}`,
    title: `Create a ${noun}`,
    does: `Creates a rule: matching requests ${does}. A dry run says what it would have matched in the last 24 hours.`,
    verb: "POST",
    path: `/${plural}`,
    destructive: false,
    input: z.object({ name: ruleName, environment: ruleEnvironment, ...form.shape }),
    output: writtenShape(kind),
    async run(input, context) {
      refuseConfined(context);
      context.unit.limit(resource, rulesMax);
      return tried(kind, context.unit.create(resource, resource.shape.parse(input)), context);
    },
  });
}

function updateOf<S extends z.ZodObject>(kind: RuleKind<S>) {
  const { resource, noun, plural, form } = kind;
  const idName = idNameOf(kind);
  return change({
    ...written,
    name: `update_${noun}`,
    title: `Update a ${noun}`,
    does: "Changes a rule; fields left out stay as they are.",
    verb: "PATCH",
    path: `/${plural}/:${idName}`,
    destructive: false,
    input: z.object({
      [idName]: ruleId,
      ...optional({ name: ruleName, environment: ruleEnvironment, ...form.shape }),
      expectedVersion,
    }),
    output: writtenShape(kind),
    async run({ expectedVersion: expected, ...input }, context) {
      refuseConfined(context);
      const { [idName]: id, ...changes }: Readonly<Record<string, unknown>> = input;
      const row = await rowOf(kind, String(id), context);
      refuseOtherVersion(row, typeof expected === "number" ? expected : undefined, noun);
      const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
      if (Object.keys(given).length === 0)
        throw new Failure("invalid", "Nothing to change was given.", { pointer: "" });
      const next = resource.shape.parse({ ...row.value, ...given });
      return tried(kind, context.unit.update(resource, row, next), context);
    },
  });
}

function deleteOf<S extends z.ZodObject>(kind: RuleKind<S>) {
  const { resource, noun, plural } = kind;
  const idName = idNameOf(kind);
  return change({
    ...written,
    name: `delete_${noun}`,
    title: `Delete a ${noun}`,
    does: "Takes a rule out of force. What it did stays done; undo_change brings the rule back.",
    verb: "DELETE",
    path: `/${plural}/:${idName}`,
    destructive: true,
    input: z.object({ [idName]: ruleId, expectedVersion }),
    output: z.object({ id: z.string(), deleted: z.literal(true) }),
    async run({ expectedVersion: expected, ...input }, context) {
      refuseConfined(context);
      const { [idName]: id }: Readonly<Record<string, unknown>> = input;
      const row = await rowOf(kind, String(id), context);
      refuseOtherVersion(row, typeof expected === "number" ? expected : undefined, noun);
      context.unit.remove(resource, row);
      return { id: row.id, deleted: true as const };
    },
  });
}

function idNameOf({ noun }: { readonly noun: string }): string {
  return `${noun}Id`;
}

function viewShape<S extends z.ZodObject>({ resource }: RuleKind<S>) {
  return z.object({ id: z.string(), ...resource.shape.shape, version: z.int() });
}

function writtenShape<S extends z.ZodObject>(kind: RuleKind<S>) {
  return viewShape(kind).extend({ wouldMatch: Preview.optional() });
}

function viewOf<S extends z.ZodObject>(kind: RuleKind<S>, { id, value, version }: Row<S>) {
  return viewShape(kind).parse({ id, ...value, version });
}

/** What is written, compiled so that what cannot be is refused, and in a dry run tried on what was captured. */
async function tried<S extends z.ZodObject>(kind: RuleKind<S>, row: Row<S>, context: Context) {
  const environment = placeOf(row.value);
  const matches = kind.matcher(row.value);
  if (environment !== null) await requirePlace(context.unit, { environment });
  const wouldMatch = context.dryRun
    ? await previewOf(context, environment, matches, kind.needsContent(row.value))
    : undefined;
  return writtenShape(kind).parse({ ...viewOf(kind, row), ...(wouldMatch && { wouldMatch }) });
}

async function rowOf<S extends z.ZodObject>(
  { resource, noun, plural }: RuleKind<S>,
  id: string,
  { unit }: Context,
): Promise<Row<S>> {
  const row = await unit.get(resource, id);
  if (row !== undefined) return row;
  throw new Failure("not_found", `No ${noun} ${quoted(id)}.`, {
    pointer: `/${idNameOf({ noun })}`,
    hint: `list_${plural} shows the ids.`,
  });
}

const Placed = z.object({ environment: z.string().nullable() });

function placeOf(value: unknown): string | null {
  return Placed.parse(value).environment;
}

/** Without their defaults: what is left out of a change stays as it is. */
function optional(shape: z.ZodRawShape): z.ZodRawShape {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [
      name,
      z.optional(field instanceof z.ZodDefault ? field.unwrap() : field),
    ]),
  );
}

/** A rule may be for all environments. @throws Failure forbidden */
export function refuseConfined({ principal }: Pick<Context, "principal">): void {
  if (!isConfined(principal)) return;
  throw new Failure("forbidden", "This credential is confined to a part of the workspace.", {
    hint: "Rules are written with a credential for the whole workspace.",
  });
}
