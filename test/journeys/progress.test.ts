// How far long work is, as a person sees it who sits at a terminal: a real one, which `script` makes.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { replayWebhooks } from "../../src/planes/webhooks/operations/replay-webhooks.ts";
import { eventually } from "./eventually.ts";
import { exampleKey, freshFolder, startServer, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget } from "./target.ts";

const skip =
  spawnSync("script", ["-qc", "true", "/dev/null"]).status === 0 ? false : "script is not installed";
const events = 12;
const slowMs = 700;
const farMs = 5;

/** Everything that a command writes at a terminal, or where there is none on both of its outputs. */
async function written(
  server: Pick<ServerProcess, "url">,
  args: readonly string[],
  at: "terminal" | "pipes",
): Promise<string> {
  const command = [process.execPath, "src/main.ts", ...args];
  const [program = "", ...rest] =
    at === "terminal" ? ["script", "-qec", command.map((it) => `'${it}'`).join(" "), "/dev/null"] : command;
  const child = spawn(program, rest, {
    env: { PATH: process.env["PATH"], SLUICE_URL: server.url, SLUICE_API_KEY: exampleKey },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return (await Promise.all([text(child.stdout), text(child.stderr)])).join("");
}

/** Where the server is reached over a long way, so that no machine is too fast for a line to be shown. */
async function farAway(t: TestContext, { url }: ServerProcess): Promise<string> {
  const way = createServer((asked, answered) => {
    const { method = "GET", headers } = asked;
    const forward = async () => {
      const body = method === "GET" ? null : await text(asked);
      await sleep(farMs);
      const { authorization = "", "content-type": type = "" } = headers;
      const answer = await fetch(`${url}${asked.url}`, {
        method,
        headers: { authorization, "content-type": type },
        body,
      });
      answered.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    };
    forward().catch((error: unknown) => answered.destroy(new Error("the way is cut", { cause: error })));
  });
  await once(way.listen(0, "127.0.0.1"), "listening");
  t.after(() => way.close());
  return `http://127.0.0.1:${(way.address() as AddressInfo).port}`;
}

/** A planned replay to a target that takes its time. */
async function slowReplay(t: TestContext, server: ServerProcess, name: string): Promise<string> {
  const target = await startTarget(t);
  const { ingestUrl, slug } = await server.ask(createEndpoint, { name, targetUrl: target.url });
  for (let n = 0; n < events; n++) await fetch(ingestUrl, { method: "POST", body: `{"n":${n}}` });
  await eventually("every event delivered", async () =>
    (await server.ask(accountForWebhooks, { endpointId: slug })).delivered === events ? true : undefined,
  );
  target.behave((response, delivered) => sleep(slowMs).then(() => accepting(response, delivered)));
  return String((await server.ask(replayWebhooks, { endpointId: slug, status: "all" })).planId);
}

function archive(entries: number): string {
  const request = { method: "GET", url: "https://api.example.com/users/7", headers: [] };
  const response = { status: 200, headers: [], content: { mimeType: "application/json", text: "{}" } };
  const first = Date.now() - 60_000;
  const all = Array.from({ length: entries }, (_, n) => {
    const startedDateTime = new Date(first + n).toISOString();
    return { startedDateTime, time: 5, request, response };
  });
  return JSON.stringify({ log: { version: "1.2", creator: { name: "test", version: "1" }, entries: all } });
}

const over = "\r\u001b[K";

test(
  "at a terminal, long work says how far it is in one line, and takes that line away",
  { skip },
  async (parent) => {
    const server = await startServer(parent, { folder: await freshFolder(parent) });

    await parent.test("a replay", async (t) => {
      const planId = await slowReplay(t, server, "at a terminal");
      const seen = await written(server, ["replay-webhooks", "--plan-id", planId], "terminal");
      assert.match(seen, /\d+ of 12, [\d.]+ a second: \d+ delivered, 0 failed/);
      const answer = seen.split(over).at(-1) ?? "";
      assert.match(answer, /^planId: .*\s+state: done\s/);
    });

    await parent.test("not where the answer is piped on, nor with --json", async (t) => {
      const piped = await slowReplay(t, server, "piped");
      assert.ok(
        !(await written(server, ["replay-webhooks", "--plan-id", piped], "pipes")).includes("\u001b"),
      );
      const asJson = await slowReplay(t, server, "as JSON");
      const seen = await written(server, ["replay-webhooks", "--plan-id", asJson, "--json"], "terminal");
      assert.equal((JSON.parse(seen) as { state: string }).state, "done");
    });

    await parent.test("what is refused at once is refused as ever, whoever asks to be told", async () => {
      const answer = await fetch(`${server.url}/api/v1/replays`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${exampleKey}`,
          "content-type": "application/json",
          accept: "application/json, application/x-ndjson",
        },
        body: '{"planId":"rp_0000000000000000000000"}',
      });
      assert.equal(answer.status, 404);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      await answer.text();
    });

    // How long it takes is up to the machine, and a line is only shown of what takes long: so what is told is looked at.
    await parent.test("an import of an archive, as it is told over REST", async () => {
      const answer = await fetch(`${server.url}/api/v1/imports/har`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${exampleKey}`,
          "content-type": "application/json",
          accept: "application/json, application/x-ndjson",
        },
        body: JSON.stringify({ har: JSON.parse(archive(5_000)) as unknown }),
      });
      assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
      const lines = (await answer.text()).trim().split("\n");
      const [last = "", ...reports] = lines.toReversed();
      assert.partialDeepStrictEqual(JSON.parse(last), { status: 200, body: { stored: 5_000 } });
      assert.ok(reports.length > 0);
      for (const line of reports)
        assert.partialDeepStrictEqual(JSON.parse(line), {
          progress: { total: 5_000, message: "requests stored" },
        });
    });

    await parent.test("a configuration that is applied", async (t) => {
      const file = join(await freshFolder(t), "sluice.yaml");
      const names = Array.from(
        { length: 90 },
        (_, n) => `  applied-${n}: { name: Applied ${n}, targetUrl: ${server.echoUrl} }`,
      );
      await writeFile(file, ["sluice: 1", "endpoints:", ...names, ""].join("\n"));
      const seen = await written({ url: await farAway(t, server) }, ["config", "apply", file], "terminal");
      assert.match(seen, /\d+ of 90, [\d.]+ a second: records compared/);
      const lines = seen.split("\n").filter((line) => line.includes("created "));
      assert.equal(lines.length, 90);
      assert.ok(!(await written(server, ["config", "apply", file], "pipes")).includes("\u001b"));
    });
  },
);
