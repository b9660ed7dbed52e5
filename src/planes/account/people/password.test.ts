import assert from "node:assert/strict";
import { argon2Sync } from "node:crypto";
import { test } from "node:test";
import { Failure } from "../../../kernel/failure.ts";
import { Secret } from "../../../kernel/secret.ts";
import { fits, hashOf } from "./password.ts";
import { chosenPassword } from "./password-rule.ts";

const fake = new Secret("EXAMPLE correct horse");

test("of a password a salted hash is kept, as others write and read it", async () => {
  const [one, two] = await Promise.all([hashOf(fake), hashOf(fake)]);
  assert.match(one.reveal(), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.notEqual(one.reveal(), two.reveal());
  assert.deepEqual(await fits(fake, one), { fits: true, outdated: false });
  for (const wrong of ["example correct horse", "EXAMPLE correct horse ", "", "x".repeat(256)])
    assert.equal((await fits(new Secret(wrong), one)).fits, false, wrong);
});

test("one that was kept at another cost fits, and is to be made anew", async () => {
  const salt = Buffer.from("FAKEfakeFAKEfake");
  const weaker = { nonce: salt, memory: 1_024, passes: 1, parallelism: 1, tagLength: 32 };
  const hash = argon2Sync("argon2id", { message: fake.reveal(), ...weaker });
  const [saltText, hashText] = [salt, hash].map((it) => it.toString("base64").replaceAll("=", ""));
  const kept = new Secret(`$argon2id$v=19$m=1024,t=1,p=1$${saltText}$${hashText}`);
  assert.deepEqual(await fits(fake, kept), { fits: true, outdated: true });
});

test("however a keyboard composes a character, it is the same password", async () => {
  const kept = await hashOf(new Secret("EXAMPLE caf\u00e9 au lait"));
  assert.ok((await fits(new Secret("EXAMPLE cafe\u0301 au lait"), kept)).fits);
});

test("where there is no password nothing fits", async () => {
  assert.equal((await fits(fake, undefined)).fits, false);
});

test("attack: a thousand at once do not take a thousand times the memory", async () => {
  const kept = await hashOf(fake);
  const tries = await Promise.allSettled(Array.from({ length: 1_000 }, () => fits(fake, kept)));
  const refused = tries.filter((it) => it.status === "rejected");
  assert.equal(refused.length, 1_000 - 2 - 64);
  for (const { reason } of refused) assert.ok(reason instanceof Failure && reason.kind === "limited");
  assert.ok((await fits(fake, kept)).fits, "and afterwards it goes on");
});

test("passwords that everybody tries first are refused, long ones that are one's own are not", () => {
  const person = ["Ada Example", "ada.example@example.com"];
  const common = [
    "password1234",
    "P@ssw0rd!!!!",
    "passwordpassword",
    "123456789012",
    "qwertyuiop12",
    "aaaaaaaaaaaa",
    "abcabcabcabc",
    "letmein12345!",
    "Welcome2026!",
    "adaexample2026",
    "sluice-admin1",
    "00000000000000000000",
  ];
  for (const text of common)
    assert.throws(() => chosenPassword(text, person), { message: /tried first/ }, text);
  const own = [
    "correct horse battery",
    "mauve-Kettle-94-orbit",
    "839201748362a",
    "zß水🐎zß水🐎zß水🐎kite",
    "x".repeat(240) + "qualmvoll-Tag",
  ];
  for (const text of own) assert.equal(chosenPassword(text, person).reveal(), text);
});

test("a password has 12 to 256 characters, and the refusal does not repeat it", () => {
  for (const text of ["", "kettleorbit", "kettle orbit ".repeat(30)])
    assert.throws(
      () => chosenPassword(text, []),
      (error: Error) => /12|256/.test(error.message) && !error.message.includes("kettle"),
    );
});
