import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { runCommand } from "../journeys/command.ts";
import { freshFolder } from "../journeys/server-process.ts";
import { captureServer } from "./capture-server.ts";
import { load, missing } from "./installed.ts";

type Page = {
  goto(url: string): Promise<unknown>;
  waitForFunction(script: string): Promise<unknown>;
};
type Context = { newPage(): Promise<Page>; close(): Promise<void> };
type Browser = {
  newContext(options: { readonly recordHar: object }): Promise<Context>;
  close(): Promise<void>;
};
type Playwright = {
  readonly chromium: { launch(options: object): Promise<Browser> };
};

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function chromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const page = `<!doctype html><title>shop</title>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<script>
  const done = () => (document.title = "done");
  (async () => {
    document.cookie = "session=canary-cookie";
    await fetch("/orders?token=canary-query", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer canary-header" },
      body: JSON.stringify({ amount: 3 }),
    }).then((it) => it.json());
    await fetch("/bytes").then((it) => it.arrayBuffer());
    await fetch("/reset").catch(() => undefined);
  })().then(done, done);
</script>`;

const skip =
  missing("playwright-core") ??
  (chromium() === undefined ? "no Chromium is installed on this machine" : false);

test("an archive that a browser saved is imported by the command line, once", { skip }, async (t) => {
  const site = createServer((request, response) => {
    if (request.url === "/") response.setHeader("content-type", "text/html").end(page);
    else if (request.url === "/reset") request.socket.destroy();
    else if (request.url === "/bytes") response.end(Buffer.from([0, 255, 1]));
    else if (request.method === "POST")
      response.setHeader("content-type", "application/json").end('{"id":7}');
    else response.writeHead(404).end();
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  const folder = await freshFolder(t);
  const path = join(folder, "shop.har");
  const { chromium: engine } = load("playwright-core") as Playwright;
  // Without its own jail: tests may run where it cannot have one, and it sees this page alone.
  const browser = await engine.launch({ executablePath: chromium(), args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const context = await browser.newContext({ recordHar: { path, content: "embed", mode: "full" } });
  const opened = await context.newPage();
  await opened.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  await opened.waitForFunction("document.title === 'done'");
  await context.close();
  const saved = JSON.parse(await readFile(path, "utf8")) as { log: { entries: unknown[] } };

  const server = await captureServer(t);
  const run = async (...more: readonly string[]) => {
    const args = ["import-har", "--har-file", path, "--json", "--url", server.url, ...more];
    const { code, output, log } = await runCommand(t, { folder, args });
    assert.equal(code, 0, log);
    return JSON.parse(output) as { stored: number; alreadyThere: number; refused: { message: string }[] };
  };
  const planned = await run("--dry-run");
  assert.equal((await server.stored()).length, 0);
  const first = await run();
  assert.deepEqual(
    [first.stored, first.refused],
    [planned.stored, planned.refused],
    "a dry run says what will be",
  );
  assert.equal(first.stored + first.refused.length, saved.log.entries.length);
  assert.ok(first.refused.every(({ message }) => message === "A data: URL is no request over HTTP."));
  const again = await run();
  assert.deepEqual([again.stored, again.alreadyThere], [0, first.stored]);

  const all = await server.stored();
  assert.equal(all.length, first.stored);
  const order = all.find(({ method }) => method === "POST");
  assert.deepEqual([order?.status, order?.outcome, order?.facts["source"]], [200, "answered", "har"]);
  assert.equal(order?.request.body?.size, '{"amount":3}'.length);
  assert.ok(
    all.some(({ status, outcome }) => status === null && outcome === "failed"),
    "what was never answered is there",
  );
  assert.ok(!JSON.stringify(all.map(({ request }) => request.headers)).includes("canary-header"));
});
