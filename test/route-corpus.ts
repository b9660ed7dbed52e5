import type { Exchange } from "../src/kernel/exchange.ts";

/** A request and the template that it is of; null = a scanner's. */
export type Asked = { readonly exchange: Exchange; readonly truth: string | null };

const resources = [
  "users",
  "orders",
  "products",
  "carts",
  "invoices",
  "payments",
  "refunds",
  "shipments",
  "reviews",
  "coupons",
  "teams",
  "projects",
  "tasks",
  "comments",
  "files",
  "webhooks",
  "sessions",
  "reports",
  "exports",
  "audits",
  "regions",
  "currencies",
  "languages",
  "plans",
  "features",
];
const firstWords = [
  "red",
  "old",
  "tiny",
  "wild",
  "calm",
  "bold",
  "late",
  "pale",
  "soft",
  "warm",
  "keen",
  "dry",
  "odd",
];
const secondWords = [
  "fox",
  "river",
  "lamp",
  "stone",
  "cloud",
  "chair",
  "train",
  "piano",
  "tulip",
  "anchor",
  "maple",
];
const thirdWords = ["", "", "-two", "-pro", "-max", "-plus", "-lite", "-xl"];

type Template = {
  readonly truth: string;
  readonly method: string;
  readonly weight: number;
  path(): string;
  body(): unknown;
};

/** Requests of an API with 66 templates: 25 siblings that are none, ids of several kinds, slugs, and 5 % scanners. */
export function corpus(count: number): readonly Asked[] {
  const random = generator(20_261_120);
  const templates = templatesOf(random);
  const total = templates.reduce((sum, { weight }) => sum + weight, 0);
  const one = (): Template => {
    let left = random() * total;
    return templates.find(({ weight }) => (left -= weight) < 0) ?? templates[0] ?? assertNever();
  };
  return Array.from({ length: count }, (_, n) => {
    if (random() < 0.05)
      return {
        truth: null,
        exchange: exchangeOf(n, {
          method: "GET",
          path: scanned(random),
          status: 404,
          body: { error: "not found" },
        }),
      };
    const { truth, method, path, body } = one();
    const failed = random();
    if (failed < 0.04)
      return {
        truth,
        exchange: exchangeOf(n, { method, path: path(), status: 404, body: { error: "not found" } }),
      };
    if (failed < 0.06)
      return {
        truth,
        exchange: exchangeOf(n, { method, path: path(), status: 500, body: { error: "failed", id: n } }),
      };
    return { truth, exchange: exchangeOf(n, { method, path: path(), status: 200, body: body() }) };
  });
}

function templatesOf(random: () => number): readonly Template[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] ?? assertNever();
  const slug = (): string => `${pick(firstWords)}-${pick(secondWords)}${pick(thirdWords)}`;
  const number = (): string => String(Math.floor(random() * 100_000));
  const hex = (length: number): string =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join("");
  const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  const sometimes = (value: object): object => (random() < 0.7 ? value : {});
  const item = (name: string): object => ({
    id: 1,
    createdAt: "2026-11-20T12:00:00Z",
    [`${name}Code`]: "x",
    [`${name}State`]: "open",
    [`${name}Size`]: 3,
    ...sometimes({ note: "text" }),
    ...sometimes({ [`${name}Hint`]: "text" }),
  });
  const list = (name: string): object => ({ total: 2, data: random() < 0.1 ? [] : [item(name), item(name)] });
  const named = (slot: string): string =>
    ({ "{id}": number, "{uuid}": uuid, "{slug}": slug }[slot] ?? (() => slot))();
  const of = (truth: string) => (): string => truth.split("/").map(named).join("/");
  const asked = (method: string, truth: string, weight: number, body: () => unknown): Template => ({
    method,
    truth: `${method} ${truth}`,
    weight,
    body,
    path: of(truth),
  });
  const get = (truth: string, weight: number, body: () => unknown): Template =>
    asked("GET", truth, weight, body);
  return [
    ...resources.slice(0, 20).map((name) => get(`/v1/${name}`, 4, () => list(name))),
    // Siblings that are answered alike and are no parameter: as long as they are few, they are told apart.
    ...resources.slice(20).map((name) => get(`/v1/${name}`, 4, () => list("option"))),
    ...resources
      .slice(0, 15)
      .map((name, i) => get(`/v1/${name}/${i % 3 === 0 ? "{uuid}" : "{id}"}`, 8, () => item(name))),
    ...resources.slice(0, 8).map((name) => asked("POST", `/v1/${name}`, 2, () => item(name))),
    ...resources.slice(0, 4).map((name) => get(`/v1/${name}/{id}/history`, 2, () => list("change"))),
    get("/catalog/{slug}", 40, () => item("article")),
    get("/catalog/{slug}/reviews", 15, () => list("opinion")),
    get("/catalog/search", 10, () => ({ hits: [{ score: 1, article: "x" }], took: 3, next: null })),
    get("/catalog/featured", 5, () => ({ season: "winter", banner: { url: "https://a.example", alt: "x" } })),
    get("/blog/{slug}", 30, () => ({
      headline: "x",
      paragraphs: ["x"],
      by: "x",
      publishedAt: "2026-11-20T12:00:00Z",
    })),
    get("/blog/latest", 4, () => ({ posts: [{ headline: "x", summary: "x" }], more: true })),
    get("/shops/{slug}", 15, () => item("shop")),
    get("/shops/{slug}/items/{id}", 15, () => item("offer")),
    get("/shops/{slug}/items/{slug}", 10, () => ({
      kind: "collection",
      members: [{ offer: 1, rank: 2 }],
      ...item("group"),
    })),
    get("/v1/users/{id}/avatars/{slug}", 5, () => ({ width: 1, height: 2, url: "https://a.example/x" })),
    get("/health", 3, () => ({ ok: true })),
    get("/version", 1, () => ({ version: "1.2.3" })),
    asked("POST", "/login", 4, () => ({ token: "x", expiresIn: 3 })),
    asked("POST", "/logout", 1, () => ({})),
  ].slice(0, 66);
}

/** Pages that do not exist. */
function scanned(random: () => number): string {
  const names = [
    "wp-admin",
    "phpmyadmin",
    ".env",
    "admin",
    "backup",
    "config.json",
    "cgi-bin",
    "owa",
    "vendor",
    "actuator",
  ];
  const name = (): string => names[Math.floor(random() * names.length)] ?? "";
  return random() < 0.5
    ? `/${name()}/${name()}${Math.floor(random() * 999).toString(36)}.php`
    : `/v1/${name()}x${Math.floor(random() * 9_999).toString(36)}`;
}

type Told = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
};

function exchangeOf(n: number, { method, path, status, body }: Told): Exchange {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const startedAt = Date.UTC(2026, 10, 20, 12) + n * 100;
  return {
    id: `ex_${String(n).padStart(32, "0")}`,
    number: n,
    workspace: "ws_1",
    environment: "production",
    bucket: "shop",
    plane: "traffic",
    kind: "request",
    subject: "bkt_1",
    parent: null,
    trace: null,
    startedAt,
    durationMs: 1,
    method,
    host: "shop.example",
    path,
    route: "",
    status,
    outcome: "answered",
    attempt: null,
    error: null,
    ending: null,
    receivedAt: startedAt,
    facts: {},
    request: { headers: [], body: null },
    response: {
      headers: [["content-type", "application/json"]],
      body: { bytes, size: bytes.length, sha256: "", truncated: false },
    },
  };
}

/** The same numbers every time (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function assertNever(): never {
  throw new Error("an empty list");
}
