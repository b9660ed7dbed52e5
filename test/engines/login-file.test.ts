import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loginFile } from "../../src/engines/logins/login-file.ts";
import type { Login, Logins } from "../../src/engines/logins/logins.ts";
import { Failure } from "../../src/kernel/failure.ts";
import { Secret } from "../../src/kernel/secret.ts";

const url = "https://sluice.example.com";

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-login-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "sluice");
}

function fakeLogin(name: string): Login {
  return {
    accessToken: new Secret(`${name}-access`),
    refreshToken: new Secret(`${name}-refresh`),
    expiresAt: 1,
  };
}

const keep = (logins: Logins, at: string, login: Login | null): Promise<void> =>
  logins.alone((kept) => Promise.resolve(kept.set(at, login)));

test("logins of several servers are kept apart, for their owner only, and nothing else is left", async (t) => {
  const folder = newFolder(t);
  const logins = loginFile(folder);
  assert.equal(logins.get(url), undefined);
  await keep(logins, url, fakeLogin("one"));
  await keep(logins, `${url}/other`, fakeLogin("other"));
  await keep(logins, url, fakeLogin("two"));
  assert.equal(logins.get(url)?.accessToken.reveal(), "two-access");
  assert.equal(loginFile(folder).get(`${url}/other`)?.refreshToken.reveal(), "other-refresh");
  await keep(logins, `${url}/other`, null);
  assert.equal(logins.get(`${url}/other`), undefined);
  assert.deepEqual(readdirSync(folder).toSorted(), ["credentials.json", "lock.db"]);
  assert.equal(statSync(join(folder, "credentials.json")).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test("who changes one is alone, in this process too, and leaves it to others when it fails", async (t) => {
  const logins = loginFile(newFolder(t));
  const seen: string[] = [];
  const use = (name: string, fails: boolean) =>
    logins.alone(async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 120));
      seen.push(`${name} ends`);
      if (fails) throw new Error("fake");
    });
  const [first] = await Promise.allSettled([use("one", true), use("two", false)]);
  assert.equal(first.status, "rejected");
  assert.deepEqual(seen, ["one begins", "one ends", "two begins", "two ends"]);
});

test("a file that others may read or that is something else is refused, and stays as it is", (t) => {
  const folder = newFolder(t);
  const path = join(folder, "credentials.json");
  mkdirSync(folder);
  const fails = (hint: RegExp) =>
    assert.throws(
      () => loginFile(folder).get(url),
      (error) => error instanceof Failure && error.kind === "invalid" && hint.test(error.detail.hint ?? ""),
    );
  writeFileSync(path, "{}", { mode: 0o600 });
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(path, mode);
    fails(/^Run: chmod 600 /);
  }
  chmodSync(path, 0o600);
  for (const text of ["", "[]", '{"a":1}', `{"a":"${"x".repeat(300_000)}"}`]) {
    writeFileSync(path, text);
    fails(/^Remove it/);
    assert.equal(readFileSync(path, "utf8"), text);
  }
});

test("a folder that cannot be made is a failure that names it", async (t) => {
  const folder = newFolder(t);
  writeFileSync(folder, "");
  await assert.rejects(
    keep(loginFile(folder), url, fakeLogin("one")),
    (error) => error instanceof Failure && error.message.includes(folder),
  );
});
