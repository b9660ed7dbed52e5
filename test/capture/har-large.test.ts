import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { importHar } from "../../src/planes/traffic/operations/import-har.ts";
import { restAnswer } from "../journeys/asking.ts";
import { runCommand } from "../journeys/command.ts";
import { freshFolder } from "../journeys/server-process.ts";
import { largeArchive } from "../large-archive.ts";
import { captureServer } from "./capture-server.ts";

test("an archive of 20 MiB is imported by the command line, one of more than 64 MiB is not read", async (t) => {
  const folder = await freshFolder(t);
  const server = await captureServer(t);
  const archive = largeArchive(Date.now());
  const path = join(folder, "shop.har");
  await writeFile(path, archive.text);
  const run = (...more: readonly string[]) =>
    runCommand(t, {
      folder,
      args: ["import-har", "--har-file", path, "--json", "--url", server.url, ...more],
    });
  const { code, output, log } = await run("--environment", "staging");
  assert.equal(code, 0, log);
  assert.partialDeepStrictEqual(JSON.parse(output), {
    stored: archive.entries - archive.refused,
    refusedInAll: archive.refused,
    environment: "staging",
  });
  const { status } = await restAnswer(server, importHar, { har: archive.text.slice(0, 5 * 1024 * 1024) });
  assert.equal(status, 413, "of what one call may have nothing changed");

  await truncate(path, 64 * 1024 * 1024 + 1);
  const larger = await run();
  assert.equal(larger.code, 2, larger.log);
  assert.match(larger.log, /has more than 64 MiB/);
});
