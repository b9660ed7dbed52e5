import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Failure } from "../../kernel/failure.ts";
import { Secret } from "../../kernel/secret.ts";
import { openKeyFile } from "./key-file.ts";
import { keyRingVault } from "./key-ring.ts";

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-key-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function key(byte: number): string {
  return Buffer.alloc(32, byte).toString("base64url");
}

test("the first start makes a key file that only its owner may use; the next start reads the same key", (t) => {
  const folder = newFolder(t);
  const path = join(folder, "key");
  const sealed = keyRingVault(openKeyFile(path)).seal(new Secret("fake"), "owner");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(keyRingVault(openKeyFile(path)).open(sealed, "owner").reveal(), "fake");
  assert.deepEqual(readdirSync(folder), ["key"]);
});

test("starts that race agree on one key", async (t) => {
  const folder = newFolder(t);
  const path = join(folder, "key");
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.module).then(({ openKeyFile }) => {
      Atomics.add(workerData.gate, 0, 1);
      while (Atomics.load(workerData.gate, 0) < workerData.count);
      parentPort.postMessage(openKeyFile(workerData.path).current.export().toString("hex"));
    });`;
  const count = 2;
  const rounds = 20;
  for (let round = 0; round < rounds; round++) {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const module = new URL("./key-file.ts", import.meta.url).href;
    const workerData = { gate, count, module, path: `${path}${round}` };
    const starts = Array.from({ length: count }, () => new Worker(source, { eval: true, workerData }));
    const keys = await Promise.all(
      starts.map(async (worker) => (await once(worker, "message"))[0] as string),
    );
    assert.equal(new Set(keys).size, 1);
    assert.equal(
      Buffer.from(readFileSync(workerData.path, "utf8").trim(), "base64url").toString("hex"),
      keys[0],
    );
  }
  assert.equal(readdirSync(folder).length, rounds);
});

test("a new key on top seals, and the ones below still open", (t) => {
  const path = join(newFolder(t), "key");
  writeFileSync(path, `${key(1)}\n`, { mode: 0o600 });
  const sealed = keyRingVault(openKeyFile(path)).seal(new Secret("fake"), "owner");
  writeFileSync(path, `${key(2)}\n\n${key(1)}\n`);
  const ring = openKeyFile(path);
  assert.equal(ring.current.export().toString("base64url"), key(2));
  assert.equal(keyRingVault(ring).open(sealed, "owner").reveal(), "fake");
});

test("a file that group or others may use is refused with the command that repairs it", (t) => {
  const path = join(newFolder(t), "key");
  openKeyFile(path);
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    chmodSync(path, mode);
    assert.throws(
      () => openKeyFile(path),
      (error) => error instanceof Failure && error.detail.hint === `Run: chmod 600 ${path}`,
    );
  }
  chmodSync(path, 0o400);
  openKeyFile(path);
});

test("malformed content is refused, left as it is, and not shown", (t) => {
  const path = join(newFolder(t), "key");
  const wrong = [
    "",
    "\n",
    "not-a-key",
    key(1).slice(1),
    `${key(1)}A`,
    `${key(1)}\nshort`,
    `${key(1)}\n`.repeat(400),
  ];
  for (const content of wrong) {
    writeFileSync(path, content, { mode: 0o600 });
    assert.throws(
      () => openKeyFile(path),
      (error) =>
        error instanceof Failure && error.kind === "invalid" && !error.message.includes(key(1).slice(1)),
    );
    assert.equal(readFileSync(path, "utf8"), content);
  }
});

test("a key file in a folder that does not exist is an error that names it", (t) => {
  const path = join(newFolder(t), "absent", "key");
  assert.throws(() => openKeyFile(path), /ENOENT.*absent/);
});
