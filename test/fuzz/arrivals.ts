import { createHmac } from "node:crypto";
import fc from "fast-check";
import type { Headers } from "../../src/kernel/exchange.ts";
import type { MadeEndpoint } from "../running-world.ts";

/** No secret: what the signed endpoints of a fuzzed world are set up with. */
export const fakeSecret = "fuzz-only-not-a-secret-of-anyone";
export const fakeVerifyToken = "fuzz-only-token";

/** The endpoints that are sent to, by what is special about them. */
export type Doors = {
  readonly plain: MadeEndpoint;
  /** GitHub's scheme, with `fakeSecret`. */
  readonly signed: MadeEndpoint;
  /** Meta's scheme, with `fakeSecret` and `fakeVerifyToken`: it has a handshake. */
  readonly shaking: MadeEndpoint;
  /** Takes bodies of up to 1,024 bytes. */
  readonly small: MadeEndpoint;
  readonly paused: MadeEndpoint;
};

/** A request as its sender makes it; `door` undefined = an address that nobody has. */
export type Arrival = {
  readonly door: keyof Doors | undefined;
  readonly method: string;
  readonly query: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly chunked: boolean;
};

const methods = fc.oneof(
  { weight: 6, arbitrary: fc.constant("POST") },
  {
    weight: 3,
    arbitrary: fc.constantFrom("PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "TRACE", "REPORT"),
  },
);

const bodies = fc.oneof(
  fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(
      "",
      "{",
      "null",
      '{"__proto__":1}',
      "[".repeat(2_000),
      "a".repeat(1_024),
      "a".repeat(1_025),
      "\ufeff{}",
    )
    .map((text) => Buffer.from(text)),
  fc.integer({ min: 1, max: 60_000 }).map((size) => Buffer.alloc(size, "x")),
);

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
const fieldValue = fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]{0,40}[!-~\x80-\xff])?$/);
/** What frames the request is set by the sender below, and may not be contradicted: that is another test. */
const framing = /^(host|connection|content-length|transfer-encoding|expect|upgrade|trailer|te|keep-alive)$/i;

const headers: fc.Arbitrary<Headers> = fc.array(
  fc.oneof(
    fc.tuple(token, fieldValue).filter(([name]) => !framing.test(name)),
    fc.constantFrom<[string, string]>(
      ["Content-Type", "application/json"],
      ["Content-Type", "application/x-www-form-urlencoded"],
      ["Content-Type", "; ; charset=\xff"],
      ["Content-Encoding", "gzip"],
      ["Authorization", "Bearer fake"],
      ["Cookie", "a=b; fake=fake"],
      ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
      ["traceparent", "00-zz-zz-zz"],
      ["X-Forwarded-For", "127.0.0.1, \xe9"],
      ["sluice-id", "ex_00000000000000000000000000000000"],
      ["x-hub-signature-256", "sha256=zz"],
    ),
  ),
  { maxLength: 6 },
);

const queries = fc.oneof(
  fc.constant(""),
  fc.stringMatching(/^\?[A-Za-z0-9%=&._~+-]{0,40}$/),
  fc.constantFrom("?%", "?a=%ff", "?__proto__=1", "?a=1&a=2"),
);

const doors = fc.constantFrom<keyof Doors | undefined>(
  "plain",
  "signed",
  "signed",
  "signed",
  "shaking",
  "small",
  "paused",
  undefined,
);

/** Arrivals of every sort: good and bad signatures, repeats, handshakes, bodies and headers of any content. */
export const arrivals: fc.Arbitrary<Arrival> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      door: doors,
      method: methods,
      query: queries,
      headers,
      body: bodies,
      chunked: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: signed() },
  { weight: 1, arbitrary: handshakes() },
);

/** To the signed endpoint, under one of few names, so that some are repeats; one in three signed wrongly. */
function signed(): fc.Arbitrary<Arrival> {
  const secrets = fc.constantFrom(fakeSecret, fakeSecret, "another");
  return fc
    .tuple(bodies, headers, fc.nat(5), secrets, fc.boolean())
    .map(([body, others, name, secret, chunked]) => ({
      door: "signed",
      method: "POST",
      query: "",
      headers: [
        ...others.filter(([field]) => !/^x-(hub|github)-/i.test(field)),
        ["X-GitHub-Delivery", `delivery-${name}`],
        ["X-GitHub-Event", "push"],
        ["X-Hub-Signature-256", `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`],
      ],
      body,
      chunked,
    }));
}

function handshakes(): fc.Arbitrary<Arrival> {
  const challenges = fc.oneof(
    fc.stringMatching(/^[a-z0-9]{1,20}$/),
    fc.constantFrom("", "%00", "<script>", "a".repeat(1_025)),
  );
  return fc
    .tuple(fc.constantFrom(fakeVerifyToken, "wrong", ""), challenges, fc.constantFrom("subscribe", "other"))
    .map(([verifyToken, challenge, mode]) => ({
      door: "shaking",
      method: "GET",
      query: `?hub.mode=${mode}&hub.verify_token=${verifyToken}&hub.challenge=${challenge}`,
      headers: [],
      body: Buffer.alloc(0),
      chunked: false,
    }));
}

/** The bytes of one request on a connection that is closed after it. */
export function bytesOf(
  doorsThere: Doors,
  { door, method, query, headers: fields, body, chunked }: Arrival,
): Buffer {
  const path = door === undefined ? `/in/nobody-${"0".repeat(22)}` : doorsThere[door].path;
  const lines = [
    `${method} ${path}${query} HTTP/1.1`,
    "Host: sluice.example",
    "Connection: close",
    ...fields.map(([name, value]) => `${name}: ${value}`),
    chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`,
  ];
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (!chunked) return Buffer.concat([head, body]);
  const chunk =
    body.length === 0 ? [] : [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n")];
  return Buffer.concat([head, ...chunk, Buffer.from("0\r\n\r\n")]);
}
