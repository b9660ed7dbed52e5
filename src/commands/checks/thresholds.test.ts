import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { captureServer } from "../../../test/capture/capture-server.ts";
import { exampleVersion, surroundingsHere } from "../../../test/journeys/command-here.ts";
import { freshFolder } from "../../../test/journeys/server-process.ts";
import { smallDisk } from "../../../test/journeys/small-disk.ts";
import { startTarget } from "../../../test/journeys/target.ts";
import { cliClient } from "../../engines/outbound/client.ts";
import type { Subject } from "../check.ts";
import { openSubject } from "../subject.ts";
import { disk } from "./disk.ts";
import { versions } from "./versions.ts";

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;

type Examined = { readonly folder?: string; readonly url?: string };

/** What a check looks at in this place: a fresh folder and no server unless given. */
async function subjectOf(t: TestContext, { folder, url = "http://127.0.0.1:9" }: Examined): Promise<Subject> {
  const client = cliClient(url, null);
  t.after(() => client.close());
  const place = { folder: folder ?? (await freshFolder(t)), database: null };
  const surroundings = surroundingsHere(place, { url, client, print: () => {} });
  return openSubject(surroundings, { database: async () => undefined, deep: false });
}

const room = "Free space or grow the disk: while nothing can be written, webhooks are answered 503.";

for (const [freeBytes, totalBytes, state, saw] of [
  [90 * gibibyte, 100 * gibibyte, "ok", "90.0 GiB free, 90 % of the disk."],
  [2 * gibibyte, 20 * gibibyte, "ok", "2.0 GiB free, 10 % of the disk."],
  [2 * gibibyte - 1, 4 * gibibyte, "warning", "2.0 GiB free, 49 % of the disk."],
  [9 * gibibyte, 100 * gibibyte, "warning", "9.0 GiB free, 9 % of the disk."],
  [256 * mebibyte, gibibyte, "warning", "256.0 MiB free, 25 % of the disk."],
  [256 * mebibyte - 1, 100 * gibibyte, "problem", "256.0 MiB free, 0 % of the disk."],
  [0, 100 * gibibyte, "problem", "0 bytes free, 0 % of the disk."],
] as const)
  test(`doctor calls ${freeBytes} bytes free of ${totalBytes}: ${state}`, async (t) => {
    const subject = await subjectOf(t, {});
    assert.ok(subject.facts);
    const facts = { ...subject.facts, freeBytes, totalBytes };
    assert.deepEqual(await disk.look({ ...subject, facts }), [
      { state, saw, todo: state === "ok" ? null : room },
    ]);
  });

test("doctor sees that a disk is small, and how much of it is left", async (t) => {
  const small = smallDisk(t, 64);
  if (typeof small === "string") return t.skip(small);
  const folder = join(small.folder, "data");
  mkdirSync(folder);
  assert.deepEqual(await disk.look(await subjectOf(t, { folder })), [
    { state: "problem", saw: "64.0 MiB free, 100 % of the disk.", todo: room },
  ]);
  return undefined;
});

test("doctor compares the server's version with its own, and says what to do when they differ", async (t) => {
  const { url } = await captureServer(t);
  const subject = await subjectOf(t, { url });
  const [other] = await versions.look(subject);
  assert.equal(other?.state, "warning");
  assert.ok(other.saw.startsWith(`Sluice ${exampleVersion} on Node ${process.versions.node} with SQLite `));
  assert.match(other.saw, /; the server is 0\.0\.0\.$/);
  assert.match(other.todo ?? "", /^Use the command line of the server's version, or restart the server/);
  const [same] = await versions.look({ ...subject, version: "0.0.0" });
  assert.deepEqual([same?.state, same?.todo], ["ok", null]);
  assert.match(same?.saw ?? "", /^Sluice 0\.0\.0 on .*; the server is the same\.$/);
});

test("doctor does not take something else that answers for a server of its version", async (t) => {
  const { url } = await startTarget(t);
  const [found] = await versions.look(await subjectOf(t, { url: new URL(url).origin }));
  assert.equal(found?.state, "warning");
  assert.match(found.saw, /; the server is of an unknown version\.$/);
});
