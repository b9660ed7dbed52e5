import { z } from "zod";
import type { Exchange } from "../../../kernel/exchange.ts";
import { KnownValues, valuesOfBoth, withBody } from "./known-values.ts";
import { clientOf, statusOf, type MessageSeen, type Observation } from "./observation.ts";
import { joined, Shape, wholeHour } from "./shape.ts";

const namesMax = 60;
const statusesMax = 12;
const clientsMax = 20;
const typesMax = 5;
const lookedMax = 1_000_000;

/** Names, such as those of headers, and whether each was always there. */
const Names = z.record(z.string(), z.object({ always: z.boolean(), seenAt: z.number() }));
export type Names = z.output<typeof Names>;

const Side = z.object({
  /** Messages whose content was looked at. */
  looked: z.int(),
  /** Of these, those that had a body. */
  bodies: z.int(),
  /** Of these, those whose shape was found. */
  shaped: z.int(),
  types: Names,
  headers: Names,
  shape: Shape.nullable(),
  values: KnownValues,
});
export type Side = z.output<typeof Side>;

/** Where a template came from: a framework, a path, from learning or from people. */
export const origins = ["framework", "typed", "learned", "merged"] as const;
export type RouteOrigin = (typeof origins)[number];

/** What is known of a method and a template in one bucket from the exchanges that were recorded. */
export const SeenRoute = z.object({
  method: z.string(),
  template: z.string(),
  from: z.enum(origins),
  firstAt: z.number(),
  /** Of the last; every `seenAt` within is the hour of it. */
  seenAt: z.number(),
  /** Exchanges, and those whose content was looked at. */
  noted: z.int(),
  looked: z.int(),
  query: Names,
  request: Side,
  answers: z.record(
    z.string(),
    Side.extend({ firstAt: z.number(), seenAt: z.number(), noted: z.int(), example: z.string() }),
  ),
  /** When each client was last seen. */
  clients: z.record(z.string(), z.number()),
  /** Id of an exchange. */
  example: z.string(),
});
export type SeenRoute = z.output<typeof SeenRoute>;
export type Answer = SeenRoute["answers"][string];

const emptySide: Side = { looked: 0, bodies: 0, shaped: 0, types: {}, headers: {}, shape: null, values: {} };

type Row = Exchange;

export function newRoute(row: Row, template: string, from: RouteOrigin): SeenRoute {
  const { method, startedAt, id } = row;
  const counts = { noted: 0, looked: 0 };
  const content = { query: {}, request: emptySide, answers: {}, clients: {} };
  return {
    method,
    template,
    from,
    firstAt: startedAt,
    seenAt: startedAt,
    ...counts,
    ...content,
    example: id,
  };
}

/** With one more exchange, of which the columns are known. */
export function noted(route: SeenRoute, row: Row): SeenRoute {
  const { startedAt, id } = row;
  const hour = wholeHour(startedAt);
  const status = statusOf(row);
  const answers = new Map(Object.entries(route.answers));
  const answer = answers.get(status);
  if (answer !== undefined || answers.size < statusesMax) {
    const known = answer ?? { ...emptySide, firstAt: startedAt, seenAt: hour, noted: 0, example: id };
    answers.set(status, {
      ...known,
      noted: Math.min(lookedMax, known.noted + 1),
      firstAt: Math.min(known.firstAt, startedAt),
      seenAt: Math.max(known.seenAt, hour),
    });
  }
  return {
    ...route,
    noted: Math.min(lookedMax, route.noted + 1),
    firstAt: Math.min(route.firstAt, startedAt),
    seenAt: Math.max(route.seenAt, startedAt),
    answers: Object.fromEntries(answers),
    clients: withClient(route.clients, clientOf(row), hour),
  };
}

/** With the content of an exchange that was noted. */
export function lookedAt(route: SeenRoute, seen: Observation): SeenRoute {
  const answer = new Map(Object.entries(route.answers)).get(seen.status);
  return {
    ...route,
    looked: Math.min(lookedMax, route.looked + 1),
    query: withNames(route.query, seen.query, { before: route.looked, at: seen.at, most: namesMax }),
    request: withMessage(route.request, seen.request, seen.at),
    answers: {
      ...route.answers,
      ...(answer &&
        seen.response && { [seen.status]: { ...answer, ...withMessage(answer, seen.response, seen.at) } }),
    },
  };
}

function withMessage(side: Side, message: MessageSeen, at: number): Side {
  const { type, shape, headers, value } = message;
  const hasBody = type !== null;
  return {
    looked: Math.min(lookedMax, side.looked + 1),
    bodies: Math.min(lookedMax, side.bodies + (hasBody ? 1 : 0)),
    shaped: Math.min(lookedMax, side.shaped + (shape === undefined ? 0 : 1)),
    types: hasBody ? withNames(side.types, [type], { before: side.bodies, at, most: typesMax }) : side.types,
    headers: withNames(side.headers, headers, { before: side.looked, at, most: namesMax }),
    shape: shape === undefined ? side.shape : side.shape === null ? shape : joined(side.shape, shape),
    values: shape === undefined ? side.values : withBody(side.values, value),
  };
}

type Meeting = { readonly before: number; readonly at: number; readonly most: number };

function withNames(names: Names, present: readonly string[], { before, at, most }: Meeting): Names {
  const hour = wholeHour(at);
  const next = new Map(
    Object.entries(names).map(([name, it]) => [name, present.includes(name) ? it : { ...it, always: false }]),
  );
  for (const name of present) {
    const known = next.get(name);
    if (known !== undefined) next.set(name, { ...known, seenAt: Math.max(known.seenAt, hour) });
    else if (next.size < most) next.set(name, { always: before === 0, seenAt: hour });
  }
  return Object.fromEntries(next);
}

function withClient(
  clients: SeenRoute["clients"],
  client: string | null,
  hour: number,
): SeenRoute["clients"] {
  if (client === null || client === "__proto__") return clients;
  return newest({ ...clients, [client]: Math.max(hour, new Map(Object.entries(clients)).get(client) ?? 0) });
}

function newest(clients: SeenRoute["clients"]): SeenRoute["clients"] {
  const entries = Object.entries(clients);
  if (entries.length <= clientsMax) return clients;
  return Object.fromEntries(entries.toSorted(([, a], [, b]) => b - a).slice(0, clientsMax));
}

/** What is known of two routes that are one. */
export function joinedRoutes(a: SeenRoute, b: SeenRoute): SeenRoute {
  const answers = new Map(Object.entries(a.answers));
  for (const [status, answer] of Object.entries(b.answers)) {
    const own = answers.get(status);
    if (own === undefined && answers.size >= statusesMax) continue;
    answers.set(status, own === undefined ? answer : joinedAnswers(own, answer));
  }
  const clients = new Map(Object.entries(a.clients));
  for (const [client, at] of Object.entries(b.clients))
    clients.set(client, Math.max(at, clients.get(client) ?? 0));
  return {
    ...a,
    firstAt: Math.min(a.firstAt, b.firstAt),
    seenAt: Math.max(a.seenAt, b.seenAt),
    noted: Math.min(lookedMax, a.noted + b.noted),
    looked: Math.min(lookedMax, a.looked + b.looked),
    query: joinedNames([a.query, a.looked], [b.query, b.looked], namesMax),
    request: joinedSides(a.request, b.request),
    answers: Object.fromEntries(answers),
    clients: newest(Object.fromEntries(clients)),
  };
}

function joinedAnswers(a: Answer, b: Answer): Answer {
  return {
    ...a,
    ...joinedSides(a, b),
    firstAt: Math.min(a.firstAt, b.firstAt),
    seenAt: Math.max(a.seenAt, b.seenAt),
    noted: Math.min(lookedMax, a.noted + b.noted),
  };
}

function joinedSides(a: Side, b: Side): Side {
  return {
    looked: Math.min(lookedMax, a.looked + b.looked),
    bodies: Math.min(lookedMax, a.bodies + b.bodies),
    shaped: Math.min(lookedMax, a.shaped + b.shaped),
    types: joinedNames([a.types, a.bodies], [b.types, b.bodies], typesMax),
    headers: joinedNames([a.headers, a.looked], [b.headers, b.looked], namesMax),
    shape: a.shape !== null && b.shape !== null ? joined(a.shape, b.shape) : (a.shape ?? b.shape),
    values: valuesOfBoth(a.values, b.values),
  };
}

/** Of names, and of how many messages they are. */
type Counted = readonly [names: Names, of: number];

function joinedNames([a, ofA]: Counted, [b, ofB]: Counted, most: number): Names {
  const [mine, other] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  const names = [...new Set([...mine.keys(), ...other.keys()])].slice(0, most);
  return Object.fromEntries(
    names.map((name) => {
      const [one, two] = [mine.get(name), other.get(name)];
      const always = (one?.always ?? ofA === 0) && (two?.always ?? ofB === 0);
      return [name, { always, seenAt: Math.max(one?.seenAt ?? 0, two?.seenAt ?? 0) }];
    }),
  );
}
