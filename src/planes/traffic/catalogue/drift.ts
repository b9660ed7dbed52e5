import { z } from "zod";
import type { Observation } from "./observation.ts";
import type { Names, SeenRoute, Side } from "./seen-route.ts";
import { isBelow, partsByPlace, type Shape } from "./shape.ts";

/** Bodies of which nothing new is drift yet: they are what a route is learned from. */
const settledMin = 20;
/** Likewise, exchanges before a status is one that was not answered before. */
const settledExchangesMin = 50;
const consumersTold = 10;
const placeCharactersMax = 200;

export const driftKinds = [
  "route_added",
  "route_learned",
  "status_added",
  "field_added",
  "field_missing",
  "type_added",
  "format_changed",
  "content_type_added",
  "query_added",
] as const;

/** One change of what a route is asked or answers. */
export const Drift = z.object({
  at: z.number(),
  kind: z.enum(driftKinds),
  method: z.string(),
  template: z.string(),
  /** Such as `response 200 data[].id`; "" = the whole route. */
  where: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  /** Of whose exchange it was seen in. */
  client: z.string().nullable(),
  /** Clients of the route at that time. */
  consumers: z.array(z.string()),
  /** Id of an exchange. */
  example: z.string(),
});
export type Drift = z.output<typeof Drift>;

type Told = Pick<Drift, "kind" | "where" | "before" | "after">;

/** What one exchange had that was not known of its route. */
export function driftIn(before: SeenRoute, after: SeenRoute, seen: Observation): readonly Drift[] {
  const [was, is] = [answerOf(before, seen.status), answerOf(after, seen.status)];
  const told = [
    ...newNames("query_added", "query", { names: before.query, of: before.looked }, seen.query),
    ...ofMessage("request", before.request, after.request, seen.request.type),
    ...(was && is ? ofMessage(`response ${seen.status}`, was, is, seen.response?.type ?? null) : []),
  ];
  return told.map((it) => driftOf(after, it, seen));
}

export function statusDrift(before: SeenRoute, after: SeenRoute, status: string): readonly Told[] {
  const isNew = answerOf(before, status) === undefined && answerOf(after, status) !== undefined;
  if (!isNew || before.noted < settledExchangesMin) return [];
  return [{ kind: "status_added", where: `response ${status}`, before: null, after: status }];
}

export function routeDrift(kind: "route_added" | "route_learned"): Told {
  return { kind, where: "", before: null, after: null };
}

/** A change with the route and the exchange that it was seen in. */
export function driftOf(
  { method, template, clients }: SeenRoute,
  { where, ...told }: Told,
  { id, at, client }: Pick<Observation, "id" | "at" | "client">,
): Drift {
  const consumers = Object.entries(clients)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, consumersTold)
    .map(([name]) => name);
  const place = where.slice(0, placeCharactersMax);
  return { at, ...told, where: place, method, template, client, consumers, example: id };
}

function answerOf({ answers }: SeenRoute, status: string): Side | undefined {
  return new Map(Object.entries(answers)).get(status);
}

function ofMessage(where: string, before: Side, after: Side, type: string | null): readonly Told[] {
  const known = { names: before.types, of: before.bodies };
  const types = newNames("content_type_added", where, known, type === null ? [] : [type]);
  if (before.shape === null || after.shape === null || before.shaped < settledMin) return types;
  return [...types, ...shapeDrift(before.shape, after.shape, where)];
}

type Known = { readonly names: Names; readonly of: number };

function newNames(
  kind: Drift["kind"],
  where: string,
  known: Known,
  present: readonly string[],
): readonly Told[] {
  if (known.of < settledMin) return [];
  return present
    .filter((name) => !Object.hasOwn(known.names, name))
    .map((name) => ({ kind, where: `${where} ${name}`, before: null, after: name }));
}

/** What a shape has that it did not have before. Of a field that is new, what is in it is not told by itself. */
export function shapeDrift(before: Shape, after: Shape, where: string): readonly Told[] {
  if (before === after) return [];
  const was = partsByPlace(before);
  const added: string[] = [];
  return [...partsByPlace(after)].flatMap(([place, { field, shape }]): readonly Told[] => {
    if (added.some((it) => isBelow(place, it))) return [];
    const earlier = was.get(place);
    const at = `${where} ${place}`;
    if (earlier === undefined) {
      added.push(place);
      return [{ kind: "field_added", where: at, before: null, after: kindsOf(shape) }];
    }
    return [
      ...(earlier.field?.always === true && field?.always === false
        ? [{ kind: "field_missing", where: at, before: "always there", after: "missing" } as const]
        : []),
      ...(shape.kinds.some((kind) => !earlier.shape.kinds.includes(kind))
        ? [{ kind: "type_added", where: at, before: kindsOf(earlier.shape), after: kindsOf(shape) } as const]
        : []),
      ...(isOtherFormat(earlier.shape, shape)
        ? [
            {
              kind: "format_changed",
              where: at,
              before: earlier.shape.format ?? null,
              after: shape.format ?? null,
            } as const,
          ]
        : []),
    ];
  });
}

function isOtherFormat(before: Shape, after: Shape): boolean {
  return before.format !== undefined && before.format !== "none" && after.format !== before.format;
}

function kindsOf({ kinds }: Shape): string {
  return kinds.join(" or ") || "nothing";
}
