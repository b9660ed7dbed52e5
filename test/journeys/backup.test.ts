import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getEndpoint } from "../../src/planes/webhooks/operations/get-endpoint.ts";
import { runCommand, type Ran } from "./command.ts";
import { eventually } from "./eventually.ts";
import { freshFolder, startServer } from "./server-process.ts";
import { accepting, startTarget } from "./target.ts";

const webhooksMax = 5_000;
const acknowledgedBefore = 60;
const credential = "Bearer not-a-secret-of-the-sender";

type Arrival = { readonly acknowledged: readonly string[]; stop(): Promise<void> };

/** Webhooks that arrive one after another, from several senders at once, until they are stopped. */
function arriving(ingestUrl: string): Arrival {
  const acknowledged: string[] = [];
  let stopped = false;
  const sender = async () => {
    while (!stopped && acknowledged.length < webhooksMax) {
      const answer = await fetch(ingestUrl, {
        method: "POST",
        headers: { authorization: credential },
        body: JSON.stringify({ n: acknowledged.length }),
      });
      assert.equal(answer.status, 200);
      acknowledged.push(((await answer.json()) as { id: string }).id);
    }
  };
  const senders = Promise.all([sender(), sender(), sender()]);
  return {
    acknowledged,
    async stop() {
      stopped = true;
      await senders;
    },
  };
}

function succeeded({ code, output, log }: Ran): string {
  assert.equal(code, 0, log);
  return output;
}

test("a backup taken while webhooks arrive, restored elsewhere, has and delivers each one acknowledged before it began", async (t) => {
  const [place, target] = [await freshFolder(t), await startTarget(t)];
  const [folder, to, restored] = [join(place, "data"), join(place, "backup"), join(place, "restored")];
  const server = await startServer(t, { folder });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "backed up", targetUrl: target.url });
  const arrival = arriving(ingestUrl);
  await eventually("deliveries", async () => (target.seen.length >= 10 ? true : undefined));
  // From here on nothing is delivered any more: these jobs are open in the backup.
  target.behave(() => {});
  const silentFrom = arrival.acknowledged.length;
  const enough = silentFrom + acknowledgedBefore;
  await eventually("webhooks", async () => (arrival.acknowledged.length >= enough ? true : undefined));
  const before = [...arrival.acknowledged];

  const said = succeeded(await runCommand(t, { folder, args: ["backup", to] }));
  assert.ok(arrival.acknowledged.length > before.length, "webhooks arrived while it was taken");
  await arrival.stop();
  await server.kill();
  assert.match(said, /verified: \d+ configuration records, \d+ exchanges, \d+ open jobs/);
  assert.match(said, /whoever has .* can open every stored secret/);

  target.behave(accepting);
  const seenBefore = new Set(target.seen.slice(0, 10).map(({ event }) => event));
  const from = target.seen.length;
  const told = succeeded(await runCommand(t, { folder: restored, args: ["restore", to] }));
  assert.match(told, /as it was on 2\d{3}-.*open jobs/);
  const second = await startServer(t, { folder: restored });
  const account = await eventually("an account without pending events", async () => {
    const look = await second.ask(accountForWebhooks, {});
    return look.pending === 0 ? look : undefined;
  });
  assert.equal(account.remainder, 0, account.unaccounted.join());
  assert.equal(account.delivered, account.received);
  assert.ok(account.received >= before.length);
  for (const id of before) assert.ok(target.times(id) >= 1, id);
  const after = target.seen.slice(from);
  assert.ok(after.length >= acknowledgedBefore, "open jobs are delivered from the restored folder");
  assert.ok(
    !after.some(({ event }) => seenBefore.has(event)),
    "what was recorded as delivered is not sent again",
  );
  // Sealed while it waited, and opened with the restored key file.
  assert.ok(after.every(({ headers }) => headers.authorization === credential));
  await second.stop();
});

/** A data folder that a server has left, with one endpoint in it, and a backup of it. */
async function example(t: TestContext) {
  const place = await freshFolder(t);
  const [folder, backup] = [join(place, "data"), join(place, "backup")];
  const server = await startServer(t, { folder });
  await server.ask(createEndpoint, { name: "orders", targetUrl: "http://127.0.0.1:3999" });
  await server.stop();
  succeeded(await runCommand(t, { folder, args: ["backup", backup] }));
  return { folder, backup };
}

test("a backup", async (parent) => {
  const kept = await example(parent);

  /** Copies of the example that a test may spoil. */
  async function copies(t: TestContext) {
    const place = await freshFolder(t);
    const paths = {
      place,
      folder: join(place, "data"),
      backup: join(place, "backup"),
      restored: join(place, "restored"),
    };
    cpSync(kept.folder, paths.folder, { recursive: true });
    cpSync(kept.backup, paths.backup, { recursive: true });
    return paths;
  }

  async function refused(t: TestContext, folder: string, args: readonly string[]): Promise<string> {
    const { code, output, log } = await runCommand(t, { folder, args });
    assert.notEqual(code, 0, output);
    assert.equal(output, "");
    assert.doesNotMatch(log, /\n\s+at /, "people are told, not shown a stack");
    return log;
  }

  /** Makes the manifest agree with a file that was changed, as who means harm would. */
  function agree(backup: string, name: string): void {
    const path = join(backup, "backup.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as { files: Record<string, unknown>[] };
    const bytes = readFileSync(join(backup, name));
    const digest = { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    const files = manifest.files.map((file) => (file["name"] === name ? { ...file, ...digest } : file));
    writeFileSync(path, JSON.stringify({ ...manifest, files }));
  }

  await parent.test(
    "is taken without a server as well, is for its owner only, and brings everything back",
    async (t) => {
      const { folder, backup, restored } = await copies(t);
      assert.deepEqual(readdirSync(backup).toSorted(), [
        "backup.json",
        "counters.db",
        "keys",
        "store.db",
        "traffic.db",
      ]);
      const again = join(restored, "..", "again");
      succeeded(await runCommand(t, { folder, args: ["backup", again] }));
      assert.equal(statSync(again).mode & 0o777, 0o700);
      for (const name of readdirSync(again))
        assert.equal(statSync(join(again, name)).mode & 0o777, 0o600, name);
      succeeded(await runCommand(t, { folder: restored, args: ["restore", again] }));
      const server = await startServer(t, { folder: restored });
      assert.equal((await server.ask(getEndpoint, { endpointId: "orders" })).slug, "orders");
      assert.match(await refused(t, restored, ["restore", again]), /in use by process \d+/);
      await server.stop();
    },
  );

  await parent.test(
    "--without-keys leaves the key file out, and restore says that it has to be put back",
    async (t) => {
      const { place, folder, restored } = await copies(t);
      const bare = join(place, "bare");
      succeeded(await runCommand(t, { folder, args: ["backup", bare, "--without-keys"] }));
      assert.ok(!readdirSync(bare).includes("keys"));
      const said = succeeded(await runCommand(t, { folder: restored, args: ["restore", bare] }));
      assert.match(said, new RegExp(`put the key file in ${join(restored, "keys")}`));
      cpSync(join(folder, "keys"), join(restored, "keys"));
      const server = await startServer(t, { folder: restored });
      assert.equal((await server.ask(getEndpoint, { endpointId: "orders" })).slug, "orders");
      await server.stop();
    },
  );

  for (const name of ["store.db", "traffic.db", "counters.db", "keys"])
    await parent.test(`with one byte of ${name} changed is refused, and nothing is restored`, async (t) => {
      const { backup, restored } = await copies(t);
      const path = join(backup, name);
      const bytes = readFileSync(path);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(path, bytes);
      const said = await refused(t, restored, ["restore", backup]);
      assert.match(said, new RegExp(`${name} has another SHA-256`));
      assert.ok(!existsSync(restored));
    });

  await parent.test(
    "whose database is damaged is refused though its checksum fits, and an empty folder stays empty",
    async (t) => {
      const { backup, restored } = await copies(t);
      const path = join(backup, "store.db");
      const bytes = readFileSync(path);
      // A page in the middle: a table or index whose rows are then missing or unreadable.
      bytes.fill(0xff, 8_192 * 2, 8_192 * 3);
      writeFileSync(path, bytes);
      agree(backup, "store.db");
      mkdirSync(restored);
      assert.match(await refused(t, restored, ["restore", backup]), /store\.db is damaged/);
      assert.deepEqual(readdirSync(restored), []);
    },
  );

  await parent.test("with a row less than it says is refused", async (t) => {
    const { backup, restored } = await copies(t);
    const database = new DatabaseSync(join(backup, "store.db"));
    database.exec("pragma journal_mode = delete; delete from record where kind = 'endpoint'");
    database.close();
    agree(backup, "store.db");
    assert.match(
      await refused(t, restored, ["restore", backup]),
      /store\.db has \d+ rows in record instead of \d+/,
    );
    assert.ok(!existsSync(restored));
  });

  await parent.test("of a newer schema is refused with the version that can restore it", async (t) => {
    const { backup, restored } = await copies(t);
    const path = join(backup, "backup.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"schema": \d+/, '"schema": 99'));
    const said = await refused(t, restored, ["restore", backup]);
    assert.match(said, /has schema 99/);
    assert.match(said, /or later/);
  });

  await parent.test(
    "without its manifest, with a broken one, or with one that names a file elsewhere is refused",
    async (t) => {
      const { place, backup, restored } = await copies(t);
      const path = join(backup, "backup.json");
      const manifest = readFileSync(path, "utf8");
      writeFileSync(join(place, "elsewhere"), "mine");
      writeFileSync(path, manifest.replace('"name": "keys"', '"name": "../elsewhere"'));
      assert.match(await refused(t, restored, ["restore", backup]), /unexpected file/);
      writeFileSync(path, manifest.slice(0, 100));
      assert.match(await refused(t, restored, ["restore", backup]), /backup\.json is damaged/);
      rmSync(path);
      assert.match(await refused(t, restored, ["restore", backup]), /no finished backup/);
      assert.ok(!existsSync(restored));
    },
  );

  await parent.test("is never restored over anything", async (t) => {
    const { backup, folder, restored } = await copies(t);
    const before = readFileSync(join(folder, "store.db"));
    assert.match(await refused(t, folder, ["restore", backup]), /is not empty/);
    assert.deepEqual(readFileSync(join(folder, "store.db")), before);
    mkdirSync(restored);
    writeFileSync(join(restored, "mine"), "");
    assert.match(await refused(t, restored, ["restore", backup]), /is not empty/);
    assert.deepEqual(readdirSync(restored), ["mine"]);
  });

  await parent.test("is never written over anything, and needs something to copy", async (t) => {
    const { place, folder, backup, restored } = await copies(t);
    const before = readdirSync(backup);
    assert.match(await refused(t, folder, ["backup", backup]), /is not empty/);
    assert.deepEqual(readdirSync(backup), before);
    const to = join(place, "new");
    assert.match(await refused(t, restored, ["backup", to]), /no store\.db in the data folder/);
    assert.ok(!existsSync(to));
  });

  await parent.test("of a folder that cannot be copied whole leaves nothing behind", async (t) => {
    const { place, folder } = await copies(t);
    const path = join(folder, "counters.db");
    writeFileSync(path, readFileSync(path).fill(0xff, 0, 8_192));
    const to = join(place, "new");
    assert.match(await refused(t, folder, ["backup", to]), /counters\.db/);
    assert.ok(!existsSync(to));
  });

  await parent.test(
    "takes a folder and the flags it knows: anything else is refused with its usage",
    async (t) => {
      const { folder } = await copies(t);
      for (const args of [["backup"], ["backup", "a", "b"], ["backup", "a", "--fast"], ["restore"]])
        assert.match(await refused(t, folder, args), /Usage: sluice (backup|restore) </);
    },
  );
});
