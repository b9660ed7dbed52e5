import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import type { Headers } from "../../kernel/exchange.ts";
import { Secret } from "../../kernel/secret.ts";
import { valuesOf } from "./incoming.ts";
import { credentialHeaders, outgoingHeaders, traceOf, withCredentials } from "./outgoing.ts";
import type { Sending } from "./outgoing.ts";

const nowMs = Date.parse("2026-11-20T12:00:00Z");
const trace = "0af7651916cd43dd8448eb211c80319c";
const sending: Sending = {
  id: "ex_019aa3b17c0070008123456789abcdef",
  attempt: 2,
  receivedAtMs: nowMs - 5000,
  verified: "true",
  provider: "stripe",
  kind: "live",
  trace,
  signing: null,
};
const ownNames = /^(?:sluice-|traceparent$)/;

function keptOf(received: Headers): Headers {
  return outgoingHeaders(received, sending).filter(([name]) => !ownNames.test(name));
}

function own(changes: Partial<Sending>): Record<string, string> {
  const sent = outgoingHeaders([], { ...sending, ...changes });
  return Object.fromEntries(sent.filter(([name]) => name !== "traceparent"));
}

function traceparents(received: Headers, attempt = 1): readonly string[] {
  return valuesOf(outgoingHeaders(received, { ...sending, attempt }), "traceparent");
}

function isWithheld(name: string, also: readonly string[] = []): boolean {
  return credentialHeaders([[name, "v"]], also).withheld.length === 1;
}

describe("received headers on their way to the target", () => {
  test("stay as they came, in order, with duplicates and in their case", () => {
    const received: Headers = [
      ["Content-Type", "application/json; charset=utf-8"],
      ["X-Custom", "b"],
      ["Stripe-Signature", "t=1,v1=2"],
      ["x-custom", "a"],
      ["User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"],
      ["Content-Encoding", "gzip"],
      ["Authorization", "Bearer x"],
      ["X-Request-Id", ""],
      ["X-Vercel-Signature", "ÿ"],
      ["Cf", "stays"],
    ];
    assert.deepEqual(keptOf(received), received);
  });

  test("lose what belongs to the hop that ended here and what tells of the way to it", () => {
    const names = [
      ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"],
      ["Proxy-Authenticate", "Proxy-Authorization", "HTTP2-Settings", "Host", "Content-Length", "Expect"],
      ["Accept-Encoding", "Forwarded", "X-Forwarded-For", "X-Forwarded-Anything", "X-Real-IP", "Via"],
      ["CF-Ray", "cf-connecting-ip", "Fly-Client-IP", "X-Envoy-Attempt-Count", "True-Client-IP", "CDN-Loop"],
    ].flat();
    assert.deepEqual(keptOf(names.map((name) => [name, "x"])), []);
  });

  test("lose what Connection names", () => {
    const received: Headers = [
      ["Connection", "close, X-Hop"],
      ["x-hop", "1"],
      ["X-Stays", "1"],
      ["connection", "x-other"],
      ["X-Other", "1"],
    ];
    assert.deepEqual(keptOf(received), [["X-Stays", "1"]]);
  });

  test("cannot pass for ours", () => {
    const received: Headers = [
      ["Sluice-Verified", "true"],
      ["sluice-anything", "x"],
      ["SLUICE-ID", "ex_forged"],
    ];
    const sent = outgoingHeaders(received, { ...sending, verified: "false" });
    assert.deepEqual(valuesOf(sent, "sluice-verified"), ["false"]);
    assert.deepEqual(valuesOf(sent, "sluice-id"), [sending.id]);
    assert.deepEqual(valuesOf(sent, "sluice-anything"), []);
  });
});

describe("our own headers", () => {
  test("tell the event, the attempt, when it was received and whether it was verified", () => {
    assert.deepEqual(own({}), {
      "sluice-id": sending.id,
      "sluice-attempt": "2",
      "sluice-received-at": "2026-11-20T11:59:55.000Z",
      "sluice-verified": "true",
      "sluice-provider": "stripe",
    });
    assert.deepEqual(own({ verified: "none", provider: null }), {
      "sluice-id": sending.id,
      "sluice-attempt": "2",
      "sluice-received-at": "2026-11-20T11:59:55.000Z",
      "sluice-verified": "none",
    });
  });

  test("mark tests and replays", () => {
    assert.equal(own({ kind: "test" })["sluice-test"], "true");
    assert.equal(own({ kind: "replay" })["sluice-replay"], "true");
    assert.equal(own({ kind: "replay" })["sluice-test"], undefined);
  });

  test("carry a signature that the standardwebhooks package accepts once they are renamed", () => {
    const secret = `whsec_${Buffer.from("not a real key, only for tests!!").toString("base64")}`;
    const body = Buffer.from('{"text":"grüße"}');
    const signing = { secret: new Secret(secret), body, nowMs: Date.now() };
    const received: Headers = [["webhook-id", "the provider's own"]];
    const sent = outgoingHeaders(received, { ...sending, signing });
    const renamed = Object.fromEntries(
      ["id", "timestamp", "signature"].map((name) => [
        `webhook-${name}`,
        valuesOf(sent, `sluice-${name}`).join(),
      ]),
    );
    assert.equal(renamed["webhook-id"], sending.id);
    assert.deepEqual(new Webhook(secret).verify(body, renamed), { text: "grüße" });
    assert.throws(() => new Webhook(secret).verify(Buffer.from('{"text":"gruße"}'), renamed));
    assert.deepEqual(valuesOf(sent, "webhook-id"), ["the provider's own"]);
  });
});

describe("traceparent", () => {
  const parent = `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00`;

  test("continues the sender's trace under a new span, with its sampling and its state", () => {
    const [value, ...more] = traceparents([
      ["TraceParent", parent],
      ["tracestate", "a=1"],
    ]);
    assert.deepEqual(more, []);
    assert.match(value ?? "", /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
    assert.notEqual(value, parent);
    assert.deepEqual(
      keptOf([
        ["traceparent", parent],
        ["tracestate", "a=1"],
      ]),
      [["tracestate", "a=1"]],
    );
  });

  test("starts the event's own trace otherwise, and drops a state without parent", () => {
    const bad = [
      parent.replace("00-4", "ff-4"),
      `${parent}-x`,
      parent.toUpperCase(),
      parent.replace(/-.{32}-/, `-${"0".repeat(32)}-`),
      parent.replace("00f067aa0ba902b7", "0".repeat(16)),
      "x",
      "",
    ];
    for (const value of bad) {
      assert.match(
        traceparents([["traceparent", value]])[0] ?? "",
        new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`),
        value,
      );
      assert.deepEqual(
        keptOf([
          ["traceparent", value],
          ["tracestate", "a=1"],
        ]),
        [],
      );
    }
    assert.equal(
      traceOf([
        ["traceparent", parent],
        ["traceparent", parent],
      ]),
      undefined,
    );
  });

  test("of a later version is continued as version 00", () => {
    assert.match(
      traceparents([["traceparent", `cc${parent.slice(2)}-future`]])[0] ?? "",
      /^00-4bf92f3577b34da6a3ce929d0e0e4736-/,
    );
  });

  test("has another span for each attempt", () => {
    assert.notDeepEqual(traceparents([], 1), traceparents([], 2));
    assert.deepEqual(traceparents([], 1), traceparents([], 1));
  });
});

describe("credentials in headers", () => {
  test("are told by the names of their headers", () => {
    const credentials = [
      ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Auth-Token"],
      [
        "X-Gitlab-Token",
        "apikey",
        "X-Client-Secret",
        "X-Password",
        "X-Access-Key",
        "api_key",
        "X-CSRF-Token",
      ],
    ].flat();
    for (const name of credentials) assert.equal(isWithheld(name), true, name);
    const others = [
      ["Content-Type", "Stripe-Signature", "X-Hub-Signature-256", "X-Slack-Request-Timestamp", "webhook-id"],
      ["I-Twilio-Idempotency-Token", "Idempotency-Key", "X-Token-Timestamp", "X-Api-Key-Id", "User-Agent"],
      ["X-Shopify-Hmac-Sha256", "X-GitHub-Delivery", "sluice-signature"],
    ].flat();
    for (const name of others) assert.equal(isWithheld(name), false, name);
  });

  test("include the header that a token scheme carries its secret in", () => {
    assert.equal(isWithheld("X-Acme"), false);
    assert.equal(isWithheld("X-Acme", ["x-acme"]), true);
  });

  test("are shown as [redacted] and come back exactly", () => {
    const headers: Headers = [
      ["Authorization", "Bearer fake"],
      ["X-A", "1"],
      ["authorization", "Basic fake"],
      ["Cookie", ""],
    ];
    const { shown, withheld } = credentialHeaders(headers);
    assert.deepEqual(shown, [
      ["Authorization", "[redacted]"],
      ["X-A", "1"],
      ["authorization", "[redacted]"],
      ["Cookie", "[redacted]"],
    ]);
    assert.deepEqual(withCredentials(shown, withheld), headers);
    assert.deepEqual(
      withCredentials(shown, JSON.parse(JSON.stringify(withheld)) as typeof withheld),
      headers,
    );
  });

  test("come back exactly whatever the headers are, and are nowhere in what is shown", () => {
    const name = fc.oneof(fc.constantFrom("Cookie", "X-Api-Key", "X-A", "token", "X-Signature"), fc.string());
    const value = fc.uuid();
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (headers) => {
        const { shown, withheld } = credentialHeaders(headers);
        assert.deepEqual(withCredentials(shown, withheld), headers);
        for (const [, secret] of withheld) assert.ok(!JSON.stringify(shown).includes(secret));
      }),
    );
  });
});
