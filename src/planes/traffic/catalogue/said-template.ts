import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import type { Row } from "../../../registry/resource.ts";
import { keptCatalogue } from "./kept-catalogue.ts";
import type { OneBucket } from "./one-bucket.ts";
import { isKind, routeTemplate, templatesMax, type Template } from "./route-template.ts";
import { parameterOf, unknownParameter } from "./templates.ts";

/** A template that people say something about. */
export const templateInput = z
  .string()
  .min(3)
  .max(500)
  .regex(
    /^(\/[^/?#{}]+|\/\{[^/{}?#]+\})*\/\{[A-Za-z]\w{0,29}\}$/,
    "a path that ends with a parameter, such as /products/{slug}",
  )
  .describe("A path that ends with a parameter, such as `/products/{slug}`.");

export const SaidTemplate = z.object({
  id: z.string(),
  environment: z.string(),
  bucket: z.string(),
  template: z.string(),
  state: z.enum(["learned", "merged", "split"]),
  apart: z.array(z.string()),
  version: z.int(),
});

/**
 * Says something of a template, known or not.
 *
 * @throws Failure invalid at `/template` when no routes can be so; conflict when a bucket has too many
 */
export async function saidTemplate(
  { unit, store, workspace }: Pick<Context, "unit" | "store" | "workspace">,
  { id }: OneBucket,
  template: string,
  say: (known: Template | undefined) => Pick<Template, "state" | "apart" | "unlike">,
): Promise<Row<(typeof routeTemplate)["shape"]>> {
  const parameter = parameterOf({ template });
  if (isKind(parameter))
    throw new Failure("invalid", `${parameter} is what such segments look like, not a name.`, {
      pointer: "/template",
      hint: "Ids, numbers and dates are parameters anyway. Give another name.",
    });
  const before = template.slice(0, -parameter.length - 1);
  const { templates } = await keptCatalogue(store, workspace, id);
  const unknown = unknownParameter(before, templates);
  if (unknown !== undefined)
    throw new Failure("invalid", `There is no parameter in ${unknown}.`, {
      pointer: "/template",
      hint: `Merge ${unknown} first.`,
    });
  const placed = templates.place(before).template;
  const own = { bucket: id, template: `${placed}/${parameter}` };
  const known = await unit.byKey(
    routeTemplate,
    "place",
    routeTemplate.keys({ ...own, ...empty })["place"] ?? "",
  );
  unit.limit(routeTemplate, templatesMax, { bucket: id });
  const value = { ...empty, ...known?.value, ...own, ...say(known?.value) };
  return known === undefined ? unit.create(routeTemplate, value) : unit.update(routeTemplate, known, value);
}

const empty = { state: "merged", apart: [], unlike: [], kinds: [] } as const satisfies Partial<Template>;

export function templateView(
  { id, version, value }: Row<(typeof routeTemplate)["shape"]>,
  { environment, name }: OneBucket,
): z.output<typeof SaidTemplate> {
  const { template, state, apart } = value;
  return { id, environment, bucket: name, template, state, apart, version };
}
