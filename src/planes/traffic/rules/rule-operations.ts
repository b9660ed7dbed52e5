import { z } from "zod";
import type { Exchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { isConfined } from "../../../kernel/principal.ts";
import { quoted } from "../../../kernel/quoted.ts";
import type { Context } from "../../../registry/context.ts";
import { requirePlace } from "../../../registry/environment.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
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
  readonly content: boolean;
  /** Who may list them. */
  readonly listedTo: Operation["reach"];
  /** What the rule would have been about. @throws Failure invalid that points into the form */
  matcher(value: z.output<S>): (exchange: Exchange) => boolean;
};

const scope = "traffic_rules:write";
const ruleId = z.string().min(1).max(100).describe("Its id.");

/**
 * List, create, update and delete for one kind of rule. Rules are written by people: over REST and the command line, each
 * with a dry run that says what the rule would have matched.
 */
export function ruleOperations<S extends z.ZodObject>(kind: RuleKind<S>): readonly Operation[] {
  const { resource, noun, plural, does, form } = kind;
  const View = z.object({ id: z.string(), ...resource.shape.shape, version: z.int() });
  const Written = View.extend({ wouldMatch: Preview.optional() });
  const upper = `${noun.slice(0, 1).toUpperCase()}${noun.slice(1)}`;
  const idName = `${noun}Id`;

  const view = ({ id, value, version }: Row<S>) => View.parse({ id, ...value, version });

  async function written(context: Context, row: Row<S>) {
    const environment = placeOf(row.value);
    // Also without a dry run: what cannot be compiled is refused.
    const matches = kind.matcher(row.value);
    if (environment !== null) await requirePlace(context.unit, { environment });
    const wouldMatch = context.dryRun
      ? await previewOf(context, environment, matches, kind.content)
      : undefined;
    return Written.parse({ ...view(row), ...(wouldMatch && { wouldMatch }) });
  }

  async function rowOf(context: Context, id: string): Promise<Row<S>> {
    const row = await context.unit.get(resource, id);
    if (row !== undefined) return row;
    throw new Failure("not_found", `No ${noun} ${quoted(id)}.`, {
      pointer: `/${idName}`,
      hint: `list_${plural} shows the ids.`,
    });
  }

  return [
    read({
      name: `list_${plural}`,
      title: `List ${plural}`,
      does: `Lists the rules in force that ${does}.`,
      verb: "GET",
      path: `/${plural}`,
      scope: "traffic:read",
      rows: plural,
      reach: kind.listedTo,
      input: z.object({}),
      output: z.object({ [plural]: z.array(View) }),
      async run(_input, { unit, principal }) {
        const rows = await unit.find(resource, { limit: rulesMax });
        const own = principal.confines.environment;
        const seen = rows.filter(({ value }) => own === undefined || [null, own].includes(placeOf(value)));
        return { [plural]: seen.map(view).toReversed() };
      },
    }),
    change({
      name: `create_${noun}`,
      title: `Create a ${noun}`,
      does: `Creates a rule: matching requests ${does}. A dry run says what it would have matched in the last 24 hours.`,
      verb: "POST",
      path: `/${plural}`,
      scope,
      reach: "people",
      destructive: false,
      undoNone: null,
      input: z.object({ name: ruleName, environment: ruleEnvironment, ...form.shape }),
      output: Written,
      async run(input, context) {
        refuseConfined(context);
        context.unit.limit(resource, rulesMax);
        return written(context, context.unit.create(resource, resource.shape.parse(input)));
      },
    }),
    change({
      name: `update_${noun}`,
      title: `Update a ${noun}`,
      does: `Changes a rule; fields left out stay as they are.`,
      verb: "PATCH",
      path: `/${plural}/:${idName}`,
      scope,
      reach: "people",
      destructive: false,
      undoNone: null,
      input: z.object({
        [idName]: ruleId,
        ...optional({ name: ruleName, environment: ruleEnvironment, ...form.shape }),
        expectedVersion,
      }),
      output: Written,
      async run({ expectedVersion: expected, ...input }, context) {
        refuseConfined(context);
        const { [idName]: id, ...changes }: Readonly<Record<string, unknown>> = input;
        const row = await rowOf(context, String(id));
        refuseOtherVersion(row, typeof expected === "number" ? expected : undefined, noun);
        const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
        if (Object.keys(given).length === 0)
          throw new Failure("invalid", "Nothing to change was given.", { pointer: "" });
        const next = resource.shape.parse({ ...row.value, ...given });
        return written(context, context.unit.update(resource, row, next));
      },
    }),
    change({
      name: `delete_${noun}`,
      title: `Delete a ${noun}`,
      does: `Takes a rule out of force. ${upper}s that were carried out stay carried out; undo_change brings the rule back.`,
      verb: "DELETE",
      path: `/${plural}/:${idName}`,
      scope,
      reach: "people",
      destructive: true,
      undoNone: null,
      input: z.object({ [idName]: ruleId, expectedVersion }),
      output: z.object({ id: z.string(), deleted: z.literal(true) }),
      async run({ expectedVersion: expected, ...input }, context) {
        refuseConfined(context);
        const { [idName]: id }: Readonly<Record<string, unknown>> = input;
        const row = await rowOf(context, String(id));
        refuseOtherVersion(row, typeof expected === "number" ? expected : undefined, noun);
        context.unit.remove(resource, row);
        return { id: row.id, deleted: true as const };
      },
    }),
  ];
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
