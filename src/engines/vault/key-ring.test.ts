import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import { keyRingVault } from "./key-ring.ts";

test("a ring with a short key, or with one key twice, is refused", () => {
  const key = createSecretKey(randomBytes(32));
  assert.throws(() => keyRingVault({ current: createSecretKey(randomBytes(16)), older: [] }), /32 bytes/);
  assert.throws(() => keyRingVault({ current: key, older: [key] }), /twice/);
});

test("printing a ring shows no key", () => {
  const bytes = randomBytes(32);
  const shown = inspect({ current: createSecretKey(bytes), older: [] }, { depth: 5, showHidden: true });
  assert.ok(!shown.includes(bytes.toString("hex")) && !shown.includes(bytes.toString("base64url")));
});
