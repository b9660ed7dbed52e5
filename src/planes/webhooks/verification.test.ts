import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomBytes, sign as signBytes } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Headers } from "../../kernel/exchange.ts";
import { Secret } from "../../kernel/secret.ts";
import { providers } from "./providers.ts";
import { github } from "./providers/github.ts";
import { standardWebhooks } from "./providers/standard-webhooks.ts";
import { stripe } from "./providers/stripe.ts";
import { svix } from "./providers/svix.ts";
import { isSymmetric, schemeSchema } from "./scheme.ts";
import type { Scheme, SymmetricScheme } from "./scheme.ts";
import { secretProblem, secretsMax, sign, signaturesMax, verify } from "./verification.ts";
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

const body = Buffer.from(payload);

function flipped(text: string, at: number): string {
  const other = text[at] === "0" ? "1" : "0";
  return text.slice(0, at) + other + text.slice(at + 1);
}

describe("age", () => {
  const secret = new Secret(whsec);
  const at = (scheme: SymmetricScheme, ageMs: number) => {
    const message = { id: "m", timestampMs: nowMs - ageMs, body, method: "POST", url };
    const verdict = verify(scheme, [secret], { ...message, headers: sign(scheme, secret, message) }, nowMs);
    return reasonOf(verdict);
  };

  test("stripe: 300 s of age are allowed and any time to come, as in its own library", () => {
    assert.ok(isSymmetric(stripe.scheme));
    assert.equal(at(stripe.scheme, 300_000), "ok");
    assert.equal(at(stripe.scheme, 301_000), "stale");
    assert.equal(at(stripe.scheme, -3_600_000), "ok");
  });

  test("standard webhooks: 300 s either way are allowed", () => {
    assert.ok(isSymmetric(standardWebhooks.scheme));
    assert.equal(at(standardWebhooks.scheme, 300_000), "ok");
    assert.equal(at(standardWebhooks.scheme, 301_000), "stale");
    assert.equal(at(standardWebhooks.scheme, -300_000), "ok");
    assert.equal(at(standardWebhooks.scheme, -301_000), "too_new");
  });

  for (const unit of ["s", "ms", "iso"] as const) {
    test(`a timestamp in ${unit} is understood, and anything else in its place is malformed`, () => {
      const scheme = schemeSchema.parse({
        algorithm: "hmac-sha512",
        key: { encoding: "utf8" },
        signature: { header: "X-Sig", encoding: "base64" },
        timestamp: { header: "X-Time", unit, toleranceSeconds: 60 },
        signed: "{timestamp}{body}",
      });
      assert.ok(isSymmetric(scheme));
      assert.equal(at(scheme, 60_000), "ok");
      assert.equal(at(scheme, 61_001), "stale");
      for (const time of ["", "-1", "1e9", "0x10", "NaN", "soon", "2026-13-45T00:00:00Z", "9".repeat(30)]) {
        const mac = createHmac("sha512", whsec)
          .update(time + payload)
          .digest("base64");
        const verdict = ask(
          scheme,
          whsec,
          [
            ["x-sig", mac],
            ["x-time", time],
          ],
          body,
        );
        assert.ok(!verdict.ok && ["malformed_header", "missing_header"].includes(verdict.reason), time);
      }
    });
  }

  test("RFC 3339 with nanoseconds and an offset is understood", () => {
    const scheme = schemeSchema.parse({
      algorithm: "hmac-sha256",
      key: { encoding: "utf8" },
      signature: { header: "x-sig", encoding: "hex" },
      timestamp: { header: "x-time", unit: "iso", toleranceSeconds: 60 },
      signed: "{timestamp}{body}",
    });
    const time = new Date(nowMs + 2 * 3_600_000).toISOString().replace("000Z", "123456789+02:00");
    const mac = createHmac("sha256", "k")
      .update(time + payload)
      .digest("hex");
    assert.equal(
      ask(
        scheme,
        "k",
        [
          ["x-sig", mac],
          ["x-time", time],
        ],
        body,
      ).ok,
      true,
    );
  });
});

describe("the bytes that count are the raw ones", () => {
  const bodies = {
    "no UTF-8": Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0d, 0x0a]),
    empty: Buffer.alloc(0),
    "UTF-16": Buffer.from("{}", "utf16le"),
    "with a byte order mark": Buffer.from("\ufeff{}"),
    "random, 64 KiB": randomBytes(65_536),
  };
  for (const { name, scheme } of providers) {
    assert.ok(isSymmetric(scheme));
    for (const [kind, bytes] of Object.entries(bodies)) {
      test(`${name}: a body ${kind}`, () => {
        const secret = new Secret(whsec);
        const message = { id: "m1", timestampMs: nowMs, body: bytes, method: "POST", url };
        const headers = sign(scheme, secret, message);
        assert.deepEqual(ask(scheme, whsec, headers, bytes), { ok: true, secret: 0 });
        assert.equal(ask(scheme, whsec, headers, Buffer.concat([bytes, Buffer.from([0])])).ok, false);
      });
    }
  }

  test("a view into a larger buffer counts for itself only", () => {
    const whole = Buffer.from("before{}after");
    const mac = createHmac("sha256", "k").update("{}").digest("hex");
    assert.equal(
      ask(github.scheme, "k", [["x-hub-signature-256", `sha256=${mac}`]], whole.subarray(6, 8)).ok,
      true,
    );
  });
});

const good = createHmac("sha256", "k").update(`${nowSeconds}.${payload}`).digest("hex");
const bad = "0".repeat(64);

function ofStripe(header: string): Verdict {
  return ask(stripe.scheme, "k", [["stripe-signature", header]], body);
}

function many(count: number): string {
  return `t=${nowSeconds}${`,v1=${bad}`.repeat(count - 1)},v1=${good}`;
}

function problem(scheme: Scheme, text: string): string | undefined {
  return secretProblem(scheme, new Secret(text));
}

describe("several signatures in one header", () => {
  test("any one may match, among other fields and in any order", () => {
    assert.equal(ofStripe(`t=${nowSeconds},v1=${bad},v1=${good},v0=${bad}`).ok, true);
    assert.equal(ofStripe(`v1=${good}, t=${nowSeconds}`).ok, true);
  });

  test("one under another version does not count", () => {
    const verdict = ofStripe(`t=${nowSeconds},v0=${good}`);
    assert.equal(reasonOf(verdict), "malformed_header");
  });

  test("more than 20 are refused unread", () => {
    assert.equal(ofStripe(many(signaturesMax)).ok, true);
    const verdict = ofStripe(many(signaturesMax + 1));
    assert.equal(reasonOf(verdict), "malformed_header");
  });

  test("a header over 8,192 characters is refused unread", () => {
    const verdict = ofStripe(`t=${nowSeconds},v1=${good},x=${"a".repeat(8192)}`);
    assert.equal(reasonOf(verdict), "malformed_header");
  });
});

describe("secrets", () => {
  test("no secret verifies nothing", () => {
    const verdict = ask(github.scheme, [], [["x-hub-signature-256", "sha256=00"]], body);
    assert.equal(reasonOf(verdict), "no_secret");
  });

  test("a sixth secret is not tried", () => {
    const mac = createHmac("sha256", "last").update(body).digest("hex");
    const headers: Headers = [["x-hub-signature-256", `sha256=${mac}`]];
    const wrong = Array.from({ length: secretsMax - 1 }, (_, i) => `wrong ${i}`);
    assert.deepEqual(ask(github.scheme, [...wrong, "last"], headers, body), {
      ok: true,
      secret: secretsMax - 1,
    });
    assert.equal(ask(github.scheme, [...wrong, "fifth", "last"], headers, body).ok, false);
  });

  test("one of the wrong form is told, and does not keep another from matching", () => {
    const { scheme } = standardWebhooks;
    assert.ok(isSymmetric(scheme));
    const secret = new Secret(whsec);
    const headers = sign(scheme, secret, { id: "m", timestampMs: nowMs, body, method: "POST", url });
    const verdict = ask(scheme, "whsec_?!", headers, body);
    assert.equal(reasonOf(verdict), "bad_secret");
    assert.deepEqual(ask(scheme, ["whsec_?!", whsec], headers, body), {
      ok: true,
      secret: 1,
    });
  });

  test("what cannot be a secret of the scheme is told before it is stored", () => {
    assert.equal(problem(svix.scheme, whsec), undefined);
    assert.equal(problem(svix.scheme, whsec.replace("whsec_", "")), undefined);
    assert.match(problem(svix.scheme, "whsec_not base64") ?? "", /not base64 after `whsec_`/);
    assert.match(problem(svix.scheme, "whsec_") ?? "", /no hmac-sha256 key/);
    assert.equal(problem(stripe.scheme, "whsec_not base64"), undefined);
    assert.match(problem(stripe.scheme, `${whsec}\n`) ?? "", /white space/);
    assert.match(problem(stripe.scheme, " ") ?? "", /empty/);
    assert.match(problem(ed25519Scheme, "abcd") ?? "", /no ed25519 key/);
  });
});

const ed25519Scheme = schemeSchema.parse({
  algorithm: "ed25519",
  key: { encoding: "hex" },
  signature: { header: "X-Signature-Ed25519", encoding: "hex" },
  timestamp: { header: "X-Signature-Timestamp", unit: "s" },
  signed: "{timestamp}{body}",
});

describe("other algorithms", () => {
  test("hmac-sha1 in hex after `sha1=`, as Intercom sends it", () => {
    const scheme = schemeSchema.parse({
      algorithm: "hmac-sha1",
      key: { encoding: "utf8" },
      signature: { header: "X-Hub-Signature", field: "sha1", encoding: "hex" },
      signed: "{body}",
    });
    const mac = createHmac("sha1", "k").update(body).digest("hex");
    assert.equal(ask(scheme, "k", [["x-hub-signature", `sha1=${mac}`]], body).ok, true);
    assert.equal(ask(scheme, "K", [["x-hub-signature", `sha1=${mac}`]], body).ok, false);
  });

  test("ed25519 with a public key in hex, as Discord sends it", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
    const made = signBytes(null, Buffer.from(`${nowSeconds}${payload}`), privateKey).toString("hex");
    const headers: Headers = [
      ["x-signature-timestamp", String(nowSeconds)],
      ["x-signature-ed25519", made],
    ];
    assert.deepEqual(ask(ed25519Scheme, key, headers, body), { ok: true, secret: 0 });
    assert.equal(ask(ed25519Scheme, key, headers, `${payload} `).ok, false);
    assert.equal(ask(ed25519Scheme, flipped(key, 3), headers, body).ok, false);
    assert.equal(
      ask(ed25519Scheme, key, [headers[0]!, ["x-signature-ed25519", flipped(made, 9)]], body).ok,
      false,
    );
    assert.equal(ask(ed25519Scheme, key, [headers[0]!, ["x-signature-ed25519", "00"]], body).ok, false);
  });

  test("method and URL are signed where the scheme says so", () => {
    const scheme = schemeSchema.parse({
      algorithm: "hmac-sha256",
      key: { encoding: "hex" },
      signature: { header: "x-sig", encoding: "base64" },
      signed: "{method}{url}{body}",
    });
    const mac = createHmac("sha256", Buffer.from("00ff", "hex"))
      .update(`POST${url}${payload}`)
      .digest("base64");
    assert.equal(ask(scheme, "00ff", [["x-sig", mac]], body).ok, true);
    assert.equal(ask(scheme, "00fe", [["x-sig", mac]], body).ok, false);
  });

  test("a plain token is compared, alone or after `Bearer`", () => {
    const alone = schemeSchema.parse({ algorithm: "token", token: { header: "X-Gitlab-Token" } });
    assert.deepEqual(ask(alone, ["a", "t-1"], [["X-Gitlab-Token", "t-1"]], body), { ok: true, secret: 1 });
    assert.equal(ask(alone, "t-1", [["X-Gitlab-Token", "t-2"]], body).ok, false);
    assert.equal(ask(alone, "t-1", [["X-Gitlab-Token", "t-11"]], body).ok, false);
    const token = { header: "Authorization", field: "Bearer", assign: " " };
    const bearer = schemeSchema.parse({ algorithm: "token", token });
    assert.equal(ask(bearer, "t-1", [["authorization", "Bearer t-1"]], body).ok, true);
    assert.equal(ask(bearer, "t-1", [["authorization", "Basic t-1"]], body).ok, false);
  });
});

describe("what a sender can send", () => {
  const names = [
    "stripe-signature",
    "x-hub-signature-256",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
  ];
  const someValue = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.constantFrom(
      "",
      "=",
      ",",
      "v1",
      "v1,",
      "t=,v1=",
      "sha256=",
      "v0=zz",
      `t=${nowSeconds},v1=zz`,
      "v1,AAAA v1,",
    ),
    fc.stringMatching(/^(?:(?:t|v1|v0|sha256|,|=| |[0-9a-f]){0,10})*$/).map((text) => text.slice(0, 9000)),
  );
  const someHeaders = fc.array(
    fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 20 })), someValue),
    { maxLength: 12 },
  );

  test("is never thrown at, and never accepted unsigned", () => {
    const schemes = [...providers.map(({ scheme }) => scheme), ed25519Scheme];
    fc.assert(
      fc.property(
        fc.constantFrom(...schemes),
        someHeaders,
        fc.uint8Array({ maxLength: 100 }),
        fc.oneof(fc.constantFrom(whsec, "ab".repeat(32), "k"), fc.string({ unit: "binary" })),
        (scheme, headers, bytes, secret) => {
          const verdict = ask(scheme, secret, headers, bytes);
          assert.ok(!verdict.ok && verdict.detail !== "" && verdict.hint !== "");
        },
      ),
      { numRuns: 2000 },
    );
  });
});
