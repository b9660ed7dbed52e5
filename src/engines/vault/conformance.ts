import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../kernel/secret.ts";
import type { Vault } from "./vault.ts";

const owner = "ws_1/endpoint/ep_1/signingSecret";
const fake = "fake-signing-secret-for-tests";

/**
 * Registers the tests of what every vault promises. `open` gives a vault whose ring has a fresh key; `rotate` gives
 * one with a new current key that still opens what the given one sealed.
 */
export function vaultConformance(
  name: string,
  open: () => Promise<{ vault: Vault; rotate: () => Promise<Vault> }>,
): void {
  test(`${name}: a sealed secret opens to its text for its owner`, async () => {
    const { vault } = await open();
    for (const text of [fake, "", "ä € 🔑 \u0000", "x".repeat(100_000)]) {
      assert.equal(vault.open(vault.seal(new Secret(text), owner), owner).reveal(), text);
    }
  });

  test(`${name}: the sealed form is base64url without the text, and new every time`, async () => {
    const { vault } = await open();
    const sealed = vault.seal(new Secret(fake), owner);
    assert.match(sealed, /^[A-Za-z0-9_-]+$/);
    assert.ok(!Buffer.from(sealed, "base64url").includes(fake));
    assert.notEqual(vault.seal(new Secret(fake), owner), sealed);
  });

  test(`${name}: a secret does not open for another owner, and the error does not show it`, async () => {
    const { vault } = await open();
    const sealed = vault.seal(new Secret(fake), owner);
    for (const other of ["ws_2/endpoint/ep_1/signingSecret", `${owner} `, ""]) {
      assert.throws(
        () => vault.open(sealed, other),
        (error: Error) => /another owner/.test(error.message) && !error.message.includes(fake),
      );
    }
  });

  test(`${name}: one flipped bit anywhere is refused`, async () => {
    const { vault } = await open();
    const bytes = Buffer.from(vault.seal(new Secret("short"), owner), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => vault.open(changed.toString("base64url"), owner), `bit ${bit}`);
    }
  });

  test(`${name}: a text that is cut, extended, respelled or was never sealed is refused`, async () => {
    const { vault } = await open();
    const sealed = vault.seal(new Secret(fake), owner);
    const wrong = [
      "",
      "x",
      fake,
      sealed.slice(0, -1),
      sealed.slice(0, 10),
      `${sealed}AAAA`,
      `${sealed}=`,
      `${sealed}\n`,
    ];
    for (const text of wrong) assert.throws(() => vault.open(text, owner), text);
  });

  test(`${name}: after a rotation older texts still open, and new ones need the new key`, async () => {
    const { vault, rotate } = await open();
    const old = vault.seal(new Secret(fake), owner);
    const rotated = await rotate();
    assert.equal(rotated.open(old, owner).reveal(), fake);
    const sealed = rotated.seal(new Secret(fake), owner);
    assert.equal(rotated.open(sealed, owner).reveal(), fake);
    assert.throws(() => vault.open(sealed, owner), /not in the key ring/);
    assert.notEqual(rotated.key, vault.key);
    assert.throws(() => vault.open(sealed, owner), new RegExp(`key ${rotated.key},`));
  });

  test(`${name}: a text sealed by an unknown key says so`, async () => {
    const [{ vault }, stranger] = [await open(), await open()];
    const sealed = stranger.vault.seal(new Secret(fake), owner);
    assert.throws(() => vault.open(sealed, owner), /sealed by key [0-9a-f]{8}, which is not in the key ring/);
  });
}
