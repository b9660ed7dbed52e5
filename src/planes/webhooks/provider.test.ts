import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Secret } from "../../kernel/secret.ts";
import { dedupeIdOf } from "./dedupe.ts";
import { answerHandshake } from "./handshake.ts";
import { incoming, valuesOf } from "./incoming.ts";
import { eventTypeOf, testRequest } from "./provider.ts";
import { providerNamed, providers } from "./providers.ts";
import { standardWebhooks } from "./providers/standard-webhooks.ts";
import { stripe } from "./providers/stripe.ts";
import { schemeSchema } from "./scheme.ts";
import { verify } from "./verification.ts";

const nowMs = 1_790_000_000_000;
const url = "https://hooks.example.com/in/x-1";
const secret = new Secret(`whsec_${Buffer.from("not a real key, only for tests!!").toString("base64")}`);

for (const provider of providers) {
  describe(`the preset ${provider.name}`, () => {
    const { scheme } = provider;
    const sent = (id: string, payload?: unknown) => {
      const request = testRequest({ provider, scheme }, secret, { id, nowMs, url, payload });
      return incoming({ ...request, url });
    };

    test("makes a test request that its own verification accepts", () => {
      const request = sent("t1");
      assert.deepEqual(verify(scheme, [secret], request, nowMs), { ok: true, secret: 0 });
      assert.notEqual(request.json(), undefined);
    });

    test("signs a payload that is given instead of the sample", () => {
      const request = sent("t1", [null, "x"]);
      assert.equal(Buffer.from(request.body).toString(), '[null,"x"]');
      assert.deepEqual(verify(scheme, [secret], request, nowMs), { ok: true, secret: 0 });
    });

    test("has a sample with an event type", () => {
      assert.notEqual(eventTypeOf(provider, sent("t1")), undefined);
    });

    test("tells one event's repeats from two events, if it has a dedupe id", () => {
      if (provider.dedupeId === null) return assert.equal(dedupeIdOf(provider, sent("t1")), undefined);
      assert.notEqual(dedupeIdOf(provider, sent("t1")), undefined);
      assert.equal(dedupeIdOf(provider, sent("t1")), dedupeIdOf(provider, sent("t1")));
      assert.notEqual(dedupeIdOf(provider, sent("t1")), dedupeIdOf(provider, sent("t2")));
    });

    test("takes no event for a handshake", () => {
      assert.equal(answerHandshake(provider, sent("t1"), {}), undefined);
    });

    test("is found by its name, its title and its aliases, in any spelling", () => {
      for (const name of [provider.name, ...provider.aliases]) {
        assert.equal(providerNamed(name), provider, name);
        assert.equal(providerNamed(` ${name.toUpperCase()}!`), provider, name);
        assert.match(name, /^[a-z0-9-]+$/);
      }
    });
  });
}

test("no two presets share a name", () => {
  const names = providers.flatMap(({ name, aliases }) => [name.replaceAll("-", ""), ...aliases]);
  assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted());
});

test("a name nobody has finds no preset", () => {
  for (const name of ["", "acme", "constructor", "stripe".repeat(100)])
    assert.equal(providerNamed(name), undefined);
});

test("a test request is unsigned without a secret, without a scheme, or with a public key", () => {
  const send = { id: "t1", nowMs, url };
  const ed25519 = schemeSchema.parse({
    algorithm: "ed25519",
    key: { encoding: "hex" },
    signature: { header: "x-sig", encoding: "hex" },
    signed: "{body}",
  });
  for (const [scheme, key] of [
    [stripe.scheme, undefined],
    [null, secret],
    [ed25519, secret],
  ] as const) {
    const { headers } = testRequest({ provider: stripe, scheme }, key, send);
    assert.deepEqual(valuesOf(headers, "stripe-signature"), []);
    assert.deepEqual(valuesOf(headers, "x-sig"), []);
  }
});

test("signing with a secret of the wrong form fails with what is wrong", () => {
  const { scheme } = standardWebhooks;
  const send = () =>
    testRequest({ provider: standardWebhooks, scheme }, new Secret("?"), { id: "t1", nowMs, url });
  assert.throws(send, { name: "Failure", kind: "invalid", message: /not base64/ });
});

function dedupeIdOfStripe(id: unknown): string | undefined {
  const body = Buffer.from(JSON.stringify({ id }));
  return dedupeIdOf(stripe, incoming({ method: "POST", url, headers: [], body }));
}

describe("a dedupe id", () => {
  test("is kept up to 200 characters and hashed beyond", () => {
    assert.equal(dedupeIdOfStripe("x".repeat(200)), "x".repeat(200));
    assert.match(dedupeIdOfStripe("x".repeat(201)) ?? "", /^[0-9a-f]{64}$/);
    assert.notEqual(dedupeIdOfStripe("x".repeat(201)), dedupeIdOfStripe("x".repeat(202)));
  });

  test("is none when it is empty or no text", () => {
    for (const none of ["", null, {}, [], true, 1.5]) assert.equal(dedupeIdOfStripe(none), undefined);
    assert.equal(dedupeIdOfStripe(42), "42");
  });
});

test("an event type is cut to 100 characters", () => {
  const body = Buffer.from(JSON.stringify({ type: "x".repeat(500) }));
  assert.equal(eventTypeOf(stripe, incoming({ method: "POST", url, headers: [], body })), "x".repeat(100));
});
