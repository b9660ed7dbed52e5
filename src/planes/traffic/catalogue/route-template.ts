import { z } from "zod";
import { resource, type Row } from "../../../registry/resource.ts";

/** Live ones of one bucket. */
export const templatesMax = 300;
/** Names that are kept apart from one template. */
export const apartMax = 200;

/**
 * A place in the paths of a bucket at which any name stands for one thing: `/products/{slug}` says so of all that is below
 * `/products`. Learned from what is answered, or said by people, which learning does not overrule.
 */
export const routeTemplate = resource({
  kind: "route-template",
  prefix: "rtt",
  shape: z.object({
    /** Id. */
    bucket: z.string(),
    template: z.string(),
    state: z.enum(["learned", "merged", "split"]),
    /** Names that are no parameter there, but something of their own: people said so. */
    apart: z.array(z.string()),
    /** Names that were answered otherwise than the others so far. */
    unlike: z.array(z.string()),
    /** Kinds of segments, such as `{number}`, that are this parameter too. */
    kinds: z.array(z.string()),
  }),
  keys: ({ bucket, template }) => ({ place: `${bucket} ${placeOf(template)}` }),
  indexes: ({ bucket }) => ({ bucket }),
});

export type Template = Row<(typeof routeTemplate)["shape"]>["value"];

/** The same for templates that differ in the names of parameters alone: `/users/{}`. */
export function placeOf(template: string): string {
  return template.replaceAll(/\{[^/{}]*\}/g, "{}");
}

/** Whether a segment is one of the kinds of `typedPath`, such as `{number}`. */
export function isKind(segment: string): boolean {
  return /^\{(redacted|number|uuid|date|ulid|hex|email|id|token|long|rest)\}$/.test(segment);
}
