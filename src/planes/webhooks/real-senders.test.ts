import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { sign as signGithub } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as Svix } from "svix";
import type { Headers } from "../../kernel/exchange.ts";
import { Secret } from "../../kernel/secret.ts";
import { github } from "./providers/github.ts";
import { meta } from "./providers/meta.ts";
import { shopify } from "./providers/shopify.ts";
import { slack } from "./providers/slack.ts";
import { standardWebhooks } from "./providers/standard-webhooks.ts";
import { stripe } from "./providers/stripe.ts";
import { svix } from "./providers/svix.ts";
import type { Scheme } from "./scheme.ts";
import { verify } from "./verification.ts";
import type { Verdict } from "./verification.ts";

const nowMs = 1_790_000_000_000;
const nowSeconds = nowMs / 1000;
const payload = JSON.stringify({ id: "evt_1", type: "a.b", text: "grüße ☃", amount: 1.1 });
const whsec = `whsec_${Buffer.from("not a real key, only for tests!!").toString("base64")}`;
const url = "https://hooks.example.com/in/x-1";

function ask(
  scheme: Scheme,
  secret: string | readonly string[],
  headers: Headers,
  body: string | Uint8Array,
) {
  const secrets = (typeof secret === "string" ? [secret] : secret).map((text) => new Secret(text));
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return verify(scheme, secrets, { method: "POST", url, headers, body: bytes }, nowMs);
}

function reasonOf(verdict: Verdict): string {
  return verdict.ok ? "ok" : verdict.reason;
}

type Signed = { name: string; scheme: Scheme; secret: string; headers: Headers; body: Buffer };

function standardHeaders(prefix: string, id: string, signature: string): Headers {
  return [
    [`${prefix}-id`, id],
    [`${prefix}-timestamp`, String(nowSeconds)],
    [`${prefix}-signature`, signature],
  ];
}

const body = Buffer.from(payload);
const slackExample = {
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  timestamp: 1_531_420_618,
  body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
};

/** Requests signed by the providers' own packages; Slack, Shopify and Meta by the formula of their documentation. */
const signed: readonly Signed[] = [
  {
    name: "stripe (package)",
    scheme: stripe.scheme,
    secret: "whsec_obviously_fake",
    headers: [
      [
        "Stripe-Signature",
        new Stripe("sk_test_fake").webhooks.generateTestHeaderString({
          payload,
          secret: "whsec_obviously_fake",
          timestamp: nowSeconds,
        }),
      ],
    ],
    body,
  },
  {
    name: "github (@octokit/webhooks-methods)",
    scheme: github.scheme,
    secret: "fake github secret",
    headers: [["X-Hub-Signature-256", await signGithub("fake github secret", payload)]],
    body,
  },
  {
    name: "standard webhooks (standardwebhooks)",
    scheme: standardWebhooks.scheme,
    secret: whsec,
    headers: standardHeaders("webhook", "msg_1", new Webhook(whsec).sign("msg_1", new Date(nowMs), payload)),
    body,
  },
  {
    name: "svix (svix)",
    scheme: svix.scheme,
    secret: whsec,
    headers: standardHeaders("svix", "msg_2", new Svix(whsec).sign("msg_2", new Date(nowMs), payload)),
    body,
  },
  {
    name: "slack (formula)",
    scheme: slack.scheme,
    secret: "fake slack secret",
    headers: [
      ["X-Slack-Request-Timestamp", String(nowSeconds)],
      [
        "X-Slack-Signature",
        `v0=${createHmac("sha256", "fake slack secret").update(`v0:${nowSeconds}:${payload}`).digest("hex")}`,
      ],
    ],
    body,
  },
  {
    name: "shopify (formula)",
    scheme: shopify.scheme,
    secret: "fake shopify secret",
    headers: [
      ["X-Shopify-Hmac-Sha256", createHmac("sha256", "fake shopify secret").update(payload).digest("base64")],
    ],
    body,
  },
  {
    name: "meta (formula)",
    scheme: meta.scheme,
    secret: "fake app secret",
    headers: [
      [
        "X-Hub-Signature-256",
        `sha256=${createHmac("sha256", "fake app secret").update(payload).digest("hex")}`,
      ],
    ],
    body,
  },
];

function flipped(text: string, at: number): string {
  const other = text[at] === "0" ? "1" : "0";
  return text.slice(0, at) + other + text.slice(at + 1);
}

describe("requests signed by the providers", () => {
  for (const { name, scheme, secret, headers, body: bytes } of signed) {
    test(`${name}: accepted`, () => {
      assert.deepEqual(ask(scheme, secret, headers, bytes), { ok: true, secret: 0 });
    });

    test(`${name}: one changed bit anywhere in the body is refused`, () => {
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = changed[at]! ^ 1;
        assert.equal(ask(scheme, secret, headers, changed).ok, false, `byte ${at}`);
      }
      assert.equal(ask(scheme, secret, headers, bytes.subarray(0, -1)).ok, false);
      assert.equal(ask(scheme, secret, headers, Buffer.concat([bytes, Buffer.from("\n")])).ok, false);
    });

    test(`${name}: one changed character anywhere in its headers is refused`, () => {
      for (const [index, [header, value]] of headers.entries()) {
        for (let at = 0; at < value.length; at++) {
          const changed = headers.with(index, [header, flipped(value, at)]);
          assert.equal(ask(scheme, secret, changed, bytes).ok, false, `${header} at ${at}`);
        }
      }
    });

    test(`${name}: one changed character anywhere in the secret is refused`, () => {
      // What comes after `whsec_` counts where that is cut off, and all of it elsewhere.
      const start =
        scheme.algorithm !== "token" && scheme.key.prefix !== undefined ? scheme.key.prefix.length : 0;
      for (let at = start; at < secret.length; at++) {
        assert.equal(ask(scheme, flipped(secret, at), headers, bytes).ok, false, `at ${at}`);
      }
    });

    test(`${name}: each header is needed, once`, () => {
      for (const [index, [header, value]] of headers.entries()) {
        const without = ask(scheme, secret, headers.toSpliced(index, 1), bytes);
        assert.equal(reasonOf(without), "missing_header");
        const twice = ask(scheme, secret, [...headers, [header.toLowerCase(), value]], bytes);
        assert.equal(reasonOf(twice), "malformed_header");
      }
    });

    test(`${name}: while secrets are rotated either is accepted, and which is told`, () => {
      const other = `whsec_${randomBytes(24).toString("base64")}`;
      assert.deepEqual(ask(scheme, [other, secret], headers, bytes), { ok: true, secret: 1 });
      assert.deepEqual(ask(scheme, [secret, other], headers, bytes), { ok: true, secret: 0 });
      const unmatched = ask(scheme, [other, other], headers, bytes);
      assert.equal(reasonOf(unmatched), "no_match");
    });
  }
});

test("the example that Slack publishes is accepted at its time, and stale a day later", () => {
  const headers: Headers = [
    ["X-Slack-Signature", slackExample.signature],
    ["X-Slack-Request-Timestamp", String(slackExample.timestamp)],
  ];
  const request = { method: "POST", url, headers, body: Buffer.from(slackExample.body) };
  const secrets = [new Secret(slackExample.secret)];
  const at = slackExample.timestamp * 1000;
  assert.deepEqual(verify(slack.scheme, secrets, request, at), { ok: true, secret: 0 });
  const later = verify(slack.scheme, secrets, request, at + 86_400_000);
  assert.equal(reasonOf(later), "stale");
});

test("no verdict holds a secret or the expected signature", () => {
  for (const { scheme, secret, headers } of signed) {
    const expected = headers.map(([, value]) => value);
    const verdict = JSON.stringify(ask(scheme, secret, headers, "another body"));
    assert.ok(!verdict.includes(secret));
    for (const value of expected) assert.ok(!verdict.includes(value));
  }
});
