import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { runCommand } from "./command.ts";
import { eventually } from "./eventually.ts";
import { exampleKey, freshFolder, startServer } from "./server-process.ts";
import { startTarget } from "./target.ts";

type Told = {
  readonly name: string;
  readonly state: string;
  readonly saw: string;
  readonly todo: string | null;
};
type Examined = { readonly code: number | null; readonly checks: readonly Told[]; readonly output: string };
type Place = {
  readonly folder: string;
  readonly url?: string;
  readonly environment?: Record<string, string>;
};

/** Nothing listens there. */
const nowhere = "http://127.0.0.1:9";

async function examined(
  t: TestContext,
  { folder, url = nowhere, environment }: Place,
  ...flags: readonly string[]
): Promise<Examined> {
  const { code, output, log } = await runCommand(t, {
    folder,
    args: ["doctor", "--json", ...flags],
    environment: { SLUICE_URL: url, ...environment },
  });
  assert.equal(log, "");
  const { ok, checks } = JSON.parse(output) as { ok: boolean; checks: readonly Told[] };
  const problems = checks.filter(({ state }) => state === "problem");
  assert.equal(ok, problems.length === 0);
  assert.equal(code, ok ? 0 : 1, "the exit code says whether there is a problem");
  for (const { name, state, saw, todo } of checks) {
    assert.notEqual(saw, "");
    assert.equal(todo === null, state === "ok", `${name}: what is not ok comes with what to do`);
  }
  assert.ok(!output.includes(exampleKey), "the key is not printed");
  return { code, checks, output };
}

/** The one finding of a check that is not ok; the test fails when it has none. */
function trouble({ checks, output }: Examined, name: string): Told {
  const found = checks.find((told) => told.name === name && told.state !== "ok");
  assert.ok(found, `${name} found nothing: ${output}`);
  return found;
}

function troubled({ checks }: Examined): readonly string[] {
  // How full the disk is, is the machine's business.
  return checks.filter(({ name, state }) => state !== "ok" && name !== "disk").map(({ name }) => name);
}

function changed(folder: string, file: string, sql: string): void {
  const database = new DatabaseSync(join(folder, file), { timeout: 5_000 });
  database.exec(sql);
  database.close();
}

async function send(ingestUrl: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const answer = await fetch(ingestUrl, { method: "POST", body: JSON.stringify({ captured: "private" }) });
    assert.equal(answer.status, 200);
    ids.push(((await answer.json()) as { id: string }).id);
  }
  return ids;
}

const everyCheck = [
  "data folder",
  "permissions",
  "disk",
  "files",
  "integrity",
  "schemas",
  "versions",
  "clock",
  "server",
  "names",
  "outbound rules",
  "deliveries",
  "accounting",
];

test("doctor, beside a running server", async (t) => {
  const folder = await freshFolder(t);
  const target = await startTarget(t);
  const server = await startServer(t, { folder });
  const { url } = server;
  const { ingestUrl } = await server.ask(createEndpoint, {
    name: "orders",
    targetUrl: `${target.url}?token=private`,
  });
  await server.ask(createEndpoint, { name: "first try", targetUrl: server.echoUrl });
  await send(ingestUrl, 3);
  await eventually("deliveries", async () => (target.seen.length === 3 ? true : undefined));

  await t.test("says ok to everything when all is well, and exits with 0", async (t2) => {
    for (const flags of [[], ["--deep"]]) {
      const seen = await examined(t2, { folder, url }, ...flags);
      assert.deepEqual(
        seen.checks.map(({ name }) => name),
        everyCheck,
      );
      assert.deepEqual(troubled(seen), []);
      assert.ok(
        !seen.output.includes("private"),
        "nothing captured and no part of a target's query is printed",
      );
    }
  });

  await t.test("tells people the same in lines", async (t2) => {
    const { code, output } = await runCommand(t2, {
      folder,
      args: ["doctor"],
      environment: { SLUICE_URL: url },
    });
    assert.equal(code, 0);
    for (const name of everyCheck) assert.match(output, new RegExp(`^(ok|warning) +${name} `, "m"));
  });

  await t.test("changes nothing: the server still holds its folder and serves", async (t2) => {
    const { output } = await examined(t2, { folder, url });
    const { pid } = JSON.parse(readFileSync(join(folder, "holder.json"), "utf8")) as { pid: number };
    assert.match(output, new RegExp(`held by process ${pid} `));
    await send(ingestUrl, 1);
  });

  await t.test(
    "names a target that the guard refuses, with the setting, and lets the echo target pass",
    async (t2) => {
      const seen = await examined(t2, { folder, url, environment: { SLUICE_OUTBOUND_ALLOW: "" } });
      const { saw, todo, state } = trouble(seen, "outbound rules");
      assert.equal(state, "problem");
      assert.match(saw, /^orders: .*127\.0\.0\.1 is /);
      assert.match(todo ?? "", /SLUICE_OUTBOUND_ALLOW=127/);
      assert.deepEqual(troubled(seen), ["outbound rules"]);
    },
  );

  await t.test(
    "says that accounting was not checked when there is no key, or one that is refused",
    async (t2) => {
      for (const key of ["", `mk_${"wrongNotASecret".padEnd(49, "0")}`]) {
        const seen = await examined(t2, { folder, url, environment: { SLUICE_API_KEY: key } });
        const { state, saw, todo } = trouble(seen, "accounting");
        assert.equal(state, "warning");
        assert.match(saw, /^Not checked/);
        assert.match(todo ?? "", key === "" ? /`sluice login`, or set SLUICE_API_KEY/ : /SLUICE_API_KEY/);
        assert.deepEqual(troubled(seen), ["accounting"]);
      }
    },
  );

  await t.test("names the address to ask when SLUICE_URL is another", async (t2) => {
    const seen = await examined(t2, { folder });
    assert.match(trouble(seen, "server").saw, /Nothing answers/);
    assert.ok(trouble(seen, "server").todo?.includes(`SLUICE_URL=${url}`));
  });

  await t.test("says which part of the server is not ready", async (t2) => {
    const other = new DatabaseSync(join(folder, "traffic.db"), { timeout: 60_000 });
    other.exec("begin exclusive");
    const seen = await examined(t2, { folder, url }).finally(() => {
      other.exec("rollback");
      other.close();
    });
    assert.match(trouble(seen, "server").saw, /not ready: journal/);
    await eventually("readiness", async () =>
      (await fetch(`${url}/readyz`)).status === 200 ? true : undefined,
    );
  });

  await t.test("sees folder and key file that others may read, and the command that mends it", async (t2) => {
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "keys"), 0o644);
    const seen = await examined(t2, { folder, url });
    const todos = seen.checks.filter(({ name }) => name === "permissions").map(({ todo }) => todo);
    assert.deepEqual(todos, [`Run: chmod 700 ${folder}`, `Run: chmod 600 ${join(folder, "keys")}`]);
    assert.equal(seen.code, 1);
    chmodSync(folder, 0o700);
    chmodSync(join(folder, "keys"), 0o600);
  });

  await t.test("sees a delivery that is long overdue", async (t2) => {
    target.behave(() => {});
    const [id = ""] = await send(ingestUrl, 1);
    changed(folder, "traffic.db", `update job set due_at = due_at - 3600000 where id = '${id}'`);
    const { state, saw } = trouble(await examined(t2, { folder, url }), "deliveries");
    assert.equal(state, "warning");
    assert.match(saw, /oldest \(deliver of ep_\w+\) is (59|60) minutes overdue/);
  });

  await t.test("names what is unaccounted for after a job was lost", async (t2) => {
    const ids = await send(ingestUrl, 2);
    await server.kill();
    changed(folder, "traffic.db", `delete from job where id in (${ids.map((id) => `'${id}'`).join()})`);
    const second = await startServer(t2, { folder });
    const { state, saw } = trouble(await examined(t2, { folder, url: second.url }), "accounting");
    assert.equal(state, "problem");
    assert.match(saw, /^2 of \d+ requests/);
    for (const id of ids) assert.ok(saw.includes(id), saw);
    await second.kill();
  });
});

test("doctor, without a server", async (t) => {
  const folder = await freshFolder(t);
  const server = await startServer(t, { folder });
  const { ingestUrl } = await server.ask(createEndpoint, {
    name: "orders",
    targetUrl: "http://127.0.0.1:9/",
  });
  await send(ingestUrl, 2);
  await server.stop();

  await t.test("says that nothing answers, and that all else is well", async (t2) => {
    const seen = await examined(t2, { folder });
    assert.deepEqual(troubled(seen), ["server"]);
    assert.match(trouble(seen, "server").todo ?? "", /sluice serve/);
    assert.match(seen.output, /held by nobody/);
  });

  await t.test("says that there is no data folder", async (t2) => {
    const seen = await examined(t2, { folder: join(folder, "absent") });
    assert.equal(trouble(seen, "data folder").state, "problem");
    assert.match(trouble(seen, "data folder").todo ?? "", /SLUICE_DATA_DIR/);
  });

  await t.test("says that a file is missing", async (t2) => {
    const empty = await freshFolder(t2);
    const seen = await examined(t2, { folder: empty });
    assert.match(trouble(seen, "files").saw, /store\.db is missing/);
  });

  await t.test("sees a write-ahead log that has grown", async (t2) => {
    const log = openSync(join(folder, "counters.db-wal"), "a");
    ftruncateSync(log, 300 * 1024 ** 2);
    const { state, saw } = trouble(await examined(t2, { folder }), "files");
    assert.equal(state, "warning");
    assert.match(saw, /counters\.db has 300\.0 MiB/);
    ftruncateSync(log, 0);
    closeSync(log);
  });

  await t.test("sees a clock that was set back", async (t2) => {
    changed(folder, "traffic.db", "update exchange set started_at = started_at + 3600000");
    const { state, saw, todo } = trouble(await examined(t2, { folder }), "clock");
    assert.equal(state, "problem");
    assert.match(saw, /3[56]\d\d s behind the newest row of traffic\.db/);
    assert.match(todo ?? "", /NTP/);
    changed(folder, "traffic.db", "update exchange set started_at = started_at - 3600000");
  });

  await t.test("sees a target whose name leads nowhere", async (t2) => {
    const set = (targetUrl: string) =>
      changed(
        folder,
        "store.db",
        `update record set value = json_set(value, '$.targetUrl', '${targetUrl}') where kind = 'endpoint'`,
      );
    set("http://nowhere.example.invalid/");
    const { state, saw } = trouble(await examined(t2, { folder }), "names");
    assert.equal(state, "problem");
    assert.match(saw, /^orders: "nowhere\.example\.invalid" does not resolve/);
    set("http://127.0.0.1:9/");
  });

  await t.test("sees a schema that is newer than the program", async (t2) => {
    changed(folder, "counters.db", "pragma user_version = 99");
    const { state, saw, todo } = trouble(await examined(t2, { folder }), "schemas");
    assert.equal(state, "problem");
    assert.match(saw, /counters\.db has schema 99/);
    assert.match(todo ?? "", /newer version/);
    changed(folder, "counters.db", "pragma user_version = 1");
  });

  await t.test("sees a damaged page", async (t2) => {
    const path = join(folder, "traffic.db");
    const whole = readFileSync(path);
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(2 * 8_192, 0xff), 0, 2 * 8_192, 2 * 8_192);
    closeSync(file);
    const { state, saw } = trouble(await examined(t2, { folder }), "integrity");
    assert.equal(state, "problem");
    assert.match(saw, /traffic\.db is damaged/);
    writeFileSync(path, whole);
    assert.deepEqual(troubled(await examined(t2, { folder })), ["server"]);
  });
});
