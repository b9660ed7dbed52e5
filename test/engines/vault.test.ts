import { createSecretKey, randomBytes } from "node:crypto";
import { vaultConformance } from "../../src/engines/vault/conformance.ts";
import { keyRingVault } from "../../src/engines/vault/key-ring.ts";

const newKey = () => createSecretKey(randomBytes(32));

vaultConformance("key ring", async () => {
  const first = newKey();
  return {
    vault: keyRingVault({ current: first, older: [] }),
    rotate: async () => keyRingVault({ current: newKey(), older: [first] }),
  };
});
