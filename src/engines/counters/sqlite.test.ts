import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { settleGraceMs } from "./counters.ts";
import { sqliteCounters } from "./sqlite.ts";

function newPath(t: { after(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-counters-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "counters.db");
}

test("no settlement that was answered is lost by kill -9", async (t) => {
  const path = newPath(t);
  const source = `
    const { sqliteCounters } = await import(process.argv[1]);
    const counters = sqliteCounters(process.argv[2], { now: () => 0 });
    for (let n = 1; ; n++) {
      await counters.reserve("b", { id: "r" + n, amount: 1, limit: 1e9, expiresAt: 1000 });
      await counters.settle("b", "r" + n, 1);
      if (!process.stdout.write(n + "\\n")) await new Promise((resolve) => process.stdout.once("drain", resolve));
    }`;
  const module = new URL("./sqlite.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source, module, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let answered = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    answered = Number(line);
    if (answered === 200) child.kill("SIGKILL");
  }
  await exited;
  const counters = sqliteCounters(path, { now: () => 0 });
  t.after(() => counters.close());
  const { used } = await counters.read("b");
  assert.ok(answered >= 200 && used >= answered, `${used} of ${answered}`);
});

test("reservations that are over do not pile up in the file", async (t) => {
  const path = newPath(t);
  let now = 0;
  const counters = sqliteCounters(path, { now: () => now });
  t.after(() => counters.close());
  for (let n = 0; n < 50; n++) {
    now = n * settleGraceMs;
    await counters.reserve("b", { id: `r${n}`, amount: 1, limit: 100, expiresAt: now + 1000 });
  }
  const database = new DatabaseSync(path, { readOnly: true });
  t.after(() => database.close());
  assert.equal(database.prepare("select count(*) as rows from reservation").get()?.["rows"], 2);
});
