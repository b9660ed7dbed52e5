// Made-up traffic of a shop's API that looks like the real thing: routes that are asked more and less often, answers that
// take their time, clients, consumers, bodies with personal data, and a release that breaks one of them.
import { hexOf, picked, type Random } from "./random.ts";

/** As the capture protocol takes it. */
export type ShopRecord = {
  readonly id: string;
  readonly kind: "request" | "outbound";
  readonly parent: string | null;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly route: string | null;
  readonly status: number;
  readonly outcome: "answered";
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly ip: string;
  readonly request: ShopMessage;
  readonly response: ShopMessage;
};

type ShopMessage = {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: { readonly text: string; readonly size: number; readonly truncated: false } | null;
  readonly size: number;
};

/** The release that breaks placing orders for the iOS app: from when on, and how many of those fail. */
export type Release = { readonly at: number; readonly share: number };

export const faulty = { route: "/v1/orders", client: "shop-ios" } as const;

type Route = {
  readonly weight: number;
  readonly method: string;
  readonly route: string;
  readonly usualMs: number;
  readonly status: number;
};

const routes: readonly Route[] = [
  { weight: 24, method: "GET", route: "/v1/products", usualMs: 28, status: 200 },
  { weight: 22, method: "GET", route: "/v1/products/:id", usualMs: 14, status: 200 },
  { weight: 12, method: "GET", route: "/v1/search", usualMs: 65, status: 200 },
  { weight: 10, method: "GET", route: "/v1/carts/:id", usualMs: 12, status: 200 },
  { weight: 9, method: "POST", route: "/v1/carts/:id/items", usualMs: 30, status: 201 },
  { weight: 6, method: "POST", route: faulty.route, usualMs: 140, status: 201 },
  { weight: 5, method: "GET", route: "/v1/orders/:id", usualMs: 18, status: 200 },
  { weight: 4, method: "POST", route: "/v1/sessions", usualMs: 90, status: 200 },
  { weight: 3, method: "PATCH", route: "/v1/customers/:id", usualMs: 35, status: 200 },
  { weight: 2, method: "GET", route: "/v1/customers/:id/orders", usualMs: 45, status: 200 },
  { weight: 1, method: "DELETE", route: "/v1/carts/:id/items/:item", usualMs: 15, status: 204 },
  { weight: 2, method: "GET", route: "/health", usualMs: 1, status: 200 },
];

const clients = [
  { weight: 30, name: "shop-ios", agent: "shop-ios/5.3.1 (iPhone; iOS 19.1)" },
  { weight: 26, name: "shop-android", agent: "shop-android/5.2.0 (Pixel 10; Android 17)" },
  {
    weight: 38,
    name: "web",
    agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/143.0 Safari/537.36",
  },
  { weight: 4, name: "erp", agent: "acme-erp/11.4" },
  { weight: 2, name: "bot", agent: "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example)" },
] as const;

const words = ["lamp", "chair", "table", "shelf", "rug", "mirror", "clock", "vase"];
const notFoundShare = 0.012;
const refusedShare = 0.008;
const brokenShare = 0.0015;

/** One request that began at this moment. */
export function shopRecord(random: Random, at: number, release?: Release): ShopRecord {
  const route = picked(random, routes);
  const client = picked(random, clients);
  const isFaulty =
    release !== undefined &&
    at >= release.at &&
    route.route === faulty.route &&
    client.name === faulty.client &&
    random() < release.share;
  const status = isFaulty ? 500 : statusOf(random, route);
  const path = route.route.replaceAll(/:\w+/g, () => String(1_000 + Math.floor(random() * 90_000)));
  const body = requestBody(random, route, isFaulty);
  const error = status === 500 ? errorOf(isFaulty) : null;
  return {
    id: idAt(random, at),
    kind: "request",
    parent: null,
    startedAt: at,
    durationMs: durationOf(random, isFaulty ? route.usualMs / 4 : route.usualMs),
    method: route.method,
    host: "api.shop.example",
    target:
      route.route === "/v1/search"
        ? `${path}?q=${words[Math.floor(random() * words.length)] ?? ""}&page=1`
        : path,
    route: route.route,
    status,
    outcome: "answered",
    error,
    ip: `203.0.113.${Math.floor(random() * 250)}`,
    request: message(body, [
      ["host", "api.shop.example"],
      ["user-agent", client.agent],
      ["authorization", `Bearer example-${hexOf(random, 24)}`],
      ["accept", "application/json"],
    ]),
    response: message(responseBody(random, route, status, error), [["x-request-id", hexOf(random, 16)]]),
  };
}

function idAt(random: Random, at: number): string {
  return `${Math.floor(at).toString(16).padStart(12, "0")}7${hexOf(random, 3)}8${hexOf(random, 15)}`;
}

function statusOf(random: Random, { route, status }: Route): number {
  const at = random();
  if (route !== "/health" && at < brokenShare) return 500;
  if (route.includes(":") && at < brokenShare + notFoundShare) return 404;
  return status === 201 && at < brokenShare + notFoundShare + refusedShare ? 422 : status;
}

/** Most are near the usual, few are much later, as waiting times are. */
function durationOf(random: Random, usualMs: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Number((usualMs * Math.exp(0.45 * normal)).toFixed(3));
}

function requestBody(random: Random, { method, route }: Route, isFaulty: boolean): object | null {
  if (method === "GET" || method === "DELETE") return null;
  const word = words[Math.floor(random() * words.length)] ?? "";
  if (route === "/v1/sessions")
    return { email: `${word}@customers.example`, password: `example-${hexOf(random, 8)}`, remember: true };
  if (route !== faulty.route)
    return { sku: `${word}-${Math.floor(random() * 100)}`, quantity: 1 + Math.floor(random() * 3) };
  return {
    cart: Math.floor(random() * 90_000),
    // The release reads a list where the app has always sent one coupon.
    ...(isFaulty || random() < 0.2 ? { coupon: { code: "WELCOME", percent: 10 } } : {}),
    payment: { card: "4111111111111111", holder: "Ada Example", expires: "12/30" },
    address: { city: "London", lines: ["1 Example Street"] },
  };
}

function responseBody(
  random: Random,
  { method, route }: Route,
  status: number,
  error: ShopRecord["error"],
): object | null {
  if (error !== null) return { error: { code: error.type, message: error.message } };
  if (status === 404) return { error: { code: "not_found", message: "There is no such thing." } };
  if (status === 422) return { error: { code: "invalid", message: "quantity must be at least 1" } };
  if (status === 204) return null;
  if (route === "/v1/sessions") return { token: `example-${hexOf(random, 32)}`, expiresIn: 3_600 };
  if (method !== "GET") return { id: Math.floor(random() * 90_000), state: "accepted" };
  return {
    id: Math.floor(random() * 90_000),
    name: words[Math.floor(random() * words.length)],
    price: { amount: 1_990, currency: "GBP" },
  };
}

function errorOf(isFaulty: boolean): NonNullable<ShopRecord["error"]> {
  return isFaulty
    ? { type: "TypeError", message: "order.coupons is not iterable" }
    : { type: "TimeoutError", message: "the stock service did not answer within 2000 ms" };
}

function message(body: object | null, headers: ShopMessage["headers"]): ShopMessage {
  if (body === null) return { headers, body: null, size: 0 };
  const text = JSON.stringify(body);
  const size = Buffer.byteLength(text);
  return {
    headers: [...headers, ["content-type", "application/json"]],
    body: { text, size, truncated: false },
    size,
  };
}
