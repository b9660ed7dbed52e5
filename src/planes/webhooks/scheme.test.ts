import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { providers } from "./providers.ts";
import { describeScheme, schemeSchema } from "./scheme.ts";

const simple = {
  algorithm: "hmac-sha256",
  key: { encoding: "utf8" },
  signature: { header: "X-Sig", encoding: "hex" },
  signed: "{body}",
};
const timestamp = { header: "x-time", unit: "s", toleranceSeconds: 300 };

function problems(scheme: unknown): readonly string[] {
  const parsed = schemeSchema.safeParse(scheme);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `/${path.join("/")}: ${message}`);
}

describe("a custom scheme", () => {
  test("is accepted when it is whole, with header names in any case", () => {
    const parsed = schemeSchema.parse(simple);
    assert.equal(parsed.algorithm !== "token" && parsed.signature.header, "x-sig");
    assert.deepEqual(problems({ ...simple, timestamp, signed: "v0:{timestamp}:{body}" }), []);
  });

  test("must sign the body, once", () => {
    assert.match(problems({ ...simple, signed: "x" }).join(), /\/signed: Must contain \{body\} once/);
    assert.match(
      problems({ ...simple, signed: "{body}{body}" }).join(),
      /\/signed: Must contain \{body\} once/,
    );
  });

  test("must sign a timestamp or id that it names, and name one that it signs", () => {
    assert.match(problems({ ...simple, timestamp }).join(), /\/signed: Must contain \{timestamp\}/);
    assert.match(problems({ ...simple, id: { header: "x-id" } }).join(), /\/signed: Must contain \{id\}/);
    assert.match(problems({ ...simple, signed: "{timestamp}{body}" }).join(), /\/timestamp: Must say where/);
    assert.match(problems({ ...simple, signed: "{id}{body}" }).join(), /\/id: Must say where/);
  });

  test("is refused with the place of what is wrong in it", () => {
    assert.match(problems({ ...simple, signed: "{secret}{body}" }).join(), /\/signed: Must be ASCII text/);
    assert.match(problems({ ...simple, signed: "☃{body}" }).join(), /\/signed: Must be ASCII text/);
    assert.match(problems({ ...simple, algorithm: "md5" }).join(), /^\/algorithm: /);
    assert.match(
      problems({ ...simple, signature: { header: "X Sig", encoding: "hex" } }).join(),
      /\/signature\/header: Must be an HTTP header name/,
    );
    assert.match(problems({ ...simple, signatur: 1 }).join(), /signatur/);
    assert.notDeepEqual(problems({ ...simple, timestamp: { ...timestamp, toleranceSeconds: 1e9 } }), []);
  });

  test("can be described as JSON Schema, for the surfaces", () => {
    assert.ok(JSON.stringify(z.toJSONSchema(schemeSchema, { io: "input" })).includes("hmac-sha256"));
  });
});

test("every preset's scheme is one a user could give", () => {
  for (const { name, scheme } of providers) assert.deepEqual(schemeSchema.parse(scheme), scheme, name);
});

test("a scheme is described with its algorithm, its places and its limits", () => {
  const [stripe] = providers;
  assert.equal(
    describeScheme(stripe!.scheme),
    "hmac-sha256 over `{timestamp}.{body}` (raw bytes), hex, in the header `stripe-signature`, item `v1=…`. The key is the secret as utf8. On arrival, the header `stripe-signature`, item `t=…` may be 300 s old at most.",
  );
});
