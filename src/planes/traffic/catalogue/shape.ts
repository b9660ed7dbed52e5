import { z } from "zod";
import { typedPath } from "../../../../capture/typed-path.ts";
import { formatOf, formats, type Format } from "./text-format.ts";

const kinds = ["array", "boolean", "integer", "null", "number", "object", "string"] as const;
export type Kind = (typeof kinds)[number];

/** Parts that are kept of one shape. */
export const partsMax = 300;
/** Fields of one object; an object with more is taken for a map. */
export const fieldsMax = 60;
const depthMax = 8;
const itemsLooked = 20;
const nameCharactersMax = 60;

/** What is known of a value from those that were seen, without any of them. */
export type Shape = Content & {
  /** In the order of the alphabet. */
  readonly kinds: readonly Kind[];
  /** Of its texts; absent = none was seen. */
  readonly format?: Format | undefined;
};

type Content = {
  /** Of its objects by name; absent = none was seen, or their names vary. */
  readonly fields?: Readonly<Record<string, Field>> | undefined;
  /** What each field of its objects has whose names vary, such as ids. */
  readonly rest?: Shape | undefined;
  /** What items of its arrays have; absent = none was seen. */
  readonly items?: Shape | undefined;
  /** There is more in it than is followed. */
  readonly deep?: true | undefined;
};

export type Field = {
  readonly shape: Shape;
  /** Every object had it. */
  readonly always: boolean;
  /** When it was last there, ms; whole hours. */
  readonly seenAt: number;
};

export const Shape: z.ZodType<Shape> = z.lazy(() =>
  z.object({
    kinds: z.array(z.enum(kinds)),
    format: z.enum(formats).optional(),
    fields: z
      .record(z.string(), z.object({ shape: Shape, always: z.boolean(), seenAt: z.number() }))
      .optional(),
    rest: Shape.optional(),
    items: Shape.optional(),
    deep: z.literal(true).optional(),
  }),
);

/** The shape of one value that was there at a moment. */
export function shapeOf(value: unknown, at: number): Shape {
  return bounded(shapeWithin(value, at, depthMax));
}

/** The shape that fits what either fits; at most `partsMax` parts. In either order, and again, it comes to the same. */
export function joined(a: Shape, b: Shape): Shape {
  return bounded(union(a, b));
}

function shapeWithin(value: unknown, at: number, depth: number): Shape {
  if (value === null) return { kinds: ["null"] };
  if (typeof value === "string") return { kinds: ["string"], format: formatOf(value) };
  if (typeof value === "boolean") return { kinds: ["boolean"] };
  if (typeof value === "number") return { kinds: [Number.isInteger(value) ? "integer" : "number"] };
  if (Array.isArray(value)) {
    if (depth === 0) return { kinds: ["array"], deep: true };
    const items = value.slice(0, itemsLooked).map((item) => shapeWithin(item, at, depth - 1));
    return { kinds: ["array"], ...(items.length > 0 && { items: items.reduce(union) }) };
  }
  if (typeof value !== "object") return { kinds: [] };
  return { kinds: ["object"], ...objectWithin(Object.entries(value), at, depth) };
}

function objectWithin(entries: readonly (readonly [string, unknown])[], at: number, depth: number) {
  if (depth === 0) return { deep: true } as const;
  const looked = entries.filter(([name]) => name !== "__proto__").slice(0, fieldsMax + 1);
  const hour = wholeHour(at);
  const fields = looked.map(([name, value]) => {
    const shape = shapeWithin(value, at, depth - 1);
    return [name, { shape, always: true, seenAt: hour }] as const;
  });
  return asMap(
    new Map(fields),
    fields.some(([name]) => isVarying(name)),
  );
}

/** Hours, so that what is seen all the time need not be written all the time. */
export function wholeHour(at: number): number {
  return Math.floor(at / 3_600_000) * 3_600_000;
}

/** A name that tells one thing from another, such as an id, is none of a field. */
export function isVarying(name: string): boolean {
  return name.length > nameCharactersMax || (!name.includes("/") && typedPath(`/${name}`) !== `/${name}`);
}

function asMap(fields: ReadonlyMap<string, Field>, varying: boolean): Content {
  if (!varying && fields.size <= fieldsMax) return { fields: Object.fromEntries(fields) };
  return { rest: [...fields.values()].map(({ shape }) => shape).reduce(union, { kinds: [] }) };
}

function union(a: Shape, b: Shape): Shape {
  const own = {
    kinds: kinds.filter((kind) => a.kinds.includes(kind) || b.kinds.includes(kind)),
    ...formatOfBoth(a.format, b.format),
  };
  if (a.deep === true || b.deep === true) return { ...own, deep: true };
  const items = a.items && b.items ? union(a.items, b.items) : (a.items ?? b.items);
  return { ...own, ...contentOfBoth(a, b), ...(items && { items }) };
}

function formatOfBoth(a: Format | undefined, b: Format | undefined): Pick<Shape, "format"> {
  if (a === undefined || b === undefined || a === b) {
    const format = a ?? b;
    return format === undefined ? {} : { format };
  }
  return { format: "none" };
}

function contentOfBoth(a: Content, b: Content): Content {
  if (a.rest ?? b.rest) {
    const all = [a, b].flatMap(({ fields = {}, rest }) => [
      ...(rest ? [rest] : []),
      ...Object.values(fields).map(({ shape }) => shape),
    ]);
    return { rest: all.reduce(union, { kinds: [] }) };
  }
  if (a.fields === undefined || b.fields === undefined) {
    const fields = a.fields ?? b.fields;
    return fields === undefined ? {} : { fields };
  }
  const [mine, other] = [new Map(Object.entries(a.fields)), new Map(Object.entries(b.fields))];
  const names = [...new Set([...mine.keys(), ...other.keys()])].toSorted();
  const fields = names.flatMap((name) => {
    const field = fieldOfBoth(mine.get(name), other.get(name));
    return field ? [[name, field] as const] : [];
  });
  return asMap(new Map(fields), false);
}

function fieldOfBoth(a: Field | undefined, b: Field | undefined): Field | undefined {
  if (a === undefined || b === undefined) {
    const one = a ?? b;
    return one && { ...one, always: false };
  }
  return {
    shape: union(a.shape, b.shape),
    always: a.always && b.always,
    seenAt: Math.max(a.seenAt, b.seenAt),
  };
}

/** The deepest parts go first where there are too many. */
function bounded(shape: Shape): Shape {
  let [cut, depth] = [shape, depthMax];
  while (partsOf(cut) > partsMax) cut = cutAt(shape, --depth);
  return cut;
}

/** How many parts it has, itself included. */
export function partsOf({ fields = {}, rest, items }: Shape): number {
  const parts = [
    ...Object.values(fields).map(({ shape }) => shape),
    ...[rest, items].filter((it) => it !== undefined),
  ];
  return parts.reduce((sum, part) => sum + partsOf(part), 1);
}

function cutAt({ fields, rest, items, ...own }: Shape, depth: number): Shape {
  const content = fields ?? rest ?? items;
  if (content === undefined) return own;
  if (depth === 0) return { ...own, deep: true };
  return {
    ...own,
    ...(fields && {
      fields: Object.fromEntries(
        Object.entries(fields).map(([name, field]) => [
          name,
          { ...field, shape: cutAt(field.shape, depth - 1) },
        ]),
      ),
    }),
    ...(rest && { rest: cutAt(rest, depth - 1) }),
    ...(items && { items: cutAt(items, depth - 1) }),
  };
}

/** Of every field by where it is, such as `data[].id`, itself left out. */
export function partsByPlace(
  shape: Shape,
  at = "",
): ReadonlyMap<string, { readonly field: Field | undefined; readonly shape: Shape }> {
  const parts: [string, { field: Field | undefined; shape: Shape }][] = [];
  for (const [name, field] of Object.entries(shape.fields ?? {})) {
    const place = at === "" ? name : `${at}.${name}`;
    parts.push([place, { field, shape: field.shape }], ...partsByPlace(field.shape, place));
  }
  if (shape.rest)
    parts.push([`${at}{}`, { field: undefined, shape: shape.rest }], ...partsByPlace(shape.rest, `${at}{}`));
  if (shape.items)
    parts.push(
      [`${at}[]`, { field: undefined, shape: shape.items }],
      ...partsByPlace(shape.items, `${at}[]`),
    );
  return new Map(parts);
}

/** Whether a place is within another, as `partsByPlace` names them. */
export function isBelow(place: string, other: string): boolean {
  return place.startsWith(other) && /^[.[{]/.test(place.slice(other.length));
}
