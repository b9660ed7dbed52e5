import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { z } from "zod";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { listLogs } from "../../src/planes/webhooks/operations/list-logs.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { startPostgres, type PostgresTerms } from "../postgres-server.ts";
import { ask } from "../surfaces/mcp-wire.ts";
import { restAnswer, type Answer } from "./asking.ts";
import { cuttableWire } from "./cuttable-wire.ts";
import { postgresTables } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { sendAll } from "./senders.ts";
import { exampleKey, freshFolder, isReady, startServer } from "./server-process.ts";
import { smallDisk } from "./small-disk.ts";
import { startTarget } from "./target.ts";

const senders = 16;
const webhooks = 20;
const clusterMegabytes = 256;
/** Of a delivery. */
const leaseMs = 150_000;

/** A database that a server works on, and what can happen to it. */
type Stricken = {
  /** For the server. */
  readonly url: string;
  /** For the test, which sees it whatever happened. */
  readonly directUrl: string;
  begin(): Promise<void>;
  end(): Promise<void>;
};

type Outage = {
  /** What a change, and a question, may be answered meanwhile. */
  readonly change: readonly number[];
  readonly question: readonly number[];
  /** Or why that cannot happen here. */
  prepare(t: TestContext): Promise<Stricken | string>;
};

/** A database on a server of its own, both gone after the test. */
async function databaseOf(t: TestContext, terms: Omit<PostgresTerms, "durable">) {
  const postgres = await startPostgres({ durable: true, ...terms });
  t.after(() => postgres.dispose());
  return { postgres, url: await postgres.newDatabase() };
}

const outages: Readonly<Record<string, Outage>> = {
  "is stopped hard": {
    change: [503],
    question: [503],
    async prepare(t) {
      const { postgres, url } = await databaseOf(t, {});
      return { url, directUrl: url, begin: () => postgres.stop("hard"), end: () => postgres.start() };
    },
  },
  "cannot be reached, and nobody is told": {
    change: [503],
    question: [503],
    async prepare(t) {
      const { postgres, url: directUrl } = await databaseOf(t, {});
      const wire = await cuttableWire(t, postgres.port);
      const url = directUrl.replace(`:${postgres.port}/`, `:${wire.port}/`);
      return { url, directUrl, begin: async () => wire.cut(), end: async () => wire.mend() };
    },
  },
  "takes no writes": {
    change: [503],
    question: [200],
    async prepare(t) {
      const { url } = await databaseOf(t, {});
      const direct = `${url}?options=-c%20default_transaction_read_only%3Doff`;
      const setReadOnly = (value: string) => async () => {
        const client = new pg.Client({ connectionString: direct });
        await client.connect();
        await client.query(`alter system set default_transaction_read_only = ${value}`);
        await client.query("select pg_reload_conf()");
        await client.end();
      };
      return { url, directUrl: url, begin: setReadOnly("on"), end: setReadOnly("off") };
    },
  },
  "has a full disk": {
    // Until it needs room for its log, and ends, there is some left in its files.
    change: [200, 503],
    question: [200, 503],
    async prepare(t) {
      const disk = smallDisk(t, clusterMegabytes);
      if (typeof disk === "string") return disk;
      const settings = { min_wal_size: "32MB", max_wal_size: "64MB" };
      const { postgres, url } = await databaseOf(t, { settings, parent: disk.folder });
      return {
        url,
        directUrl: url,
        begin: async () => disk.fill(),
        async end() {
          disk.free();
          // It ends by itself when its log has no room; whoever keeps it running starts it again.
          await postgres.stop("hard");
          await postgres.start();
        },
      };
    },
  },
};

/** Each trouble PostgreSQL can be in, for so long, under load: senders are told, and the server heals by itself. */
export function outageJourneys(lastingMs: number): void {
  // They wait most of the time.
  describe("a server whose PostgreSQL", { concurrency: true }, () => {
    for (const [name, outage] of Object.entries(outages))
      test(`${name} refuses with 503 for as long and then goes on by itself, with everything it acknowledged`, async (t) => {
        const stricken = await outage.prepare(t);
        if (typeof stricken === "string") return t.skip(stricken);
        await goThrough(t, { ...stricken, ...outage }, lastingMs);
      });
  });
}

async function goThrough(
  t: TestContext,
  { url, directUrl, begin, end, change, question }: Stricken & Pick<Outage, "change" | "question">,
  lastingMs: number,
): Promise<void> {
  const target = await startTarget(t);
  const folder = await freshFolder(t);
  const server = await startServer(t, { folder, environment: { SLUICE_DATABASE_URL: url } });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "patient", targetUrl: target.url });
  const asked = { url: server.url, key: exampleKey };
  const changing = () => restAnswer(asked, createEndpoint, { name: "meanwhile", targetUrl: target.url });
  const asking = () => restAnswer(asked, listLogs, { endpointId: "patient" });

  const acknowledged: string[] = [];
  const load = { isOver: false };
  t.after(() => (load.isOver = true));
  const sending = Array.from({ length: senders }, async () => {
    while (!load.isOver) {
      const { accepted, refused } = await sendAll(ingestUrl, 1);
      acknowledged.push(...accepted);
      if (refused > 0) await sleep(20);
    }
  });
  const more = async (): Promise<void> => {
    const enough = acknowledged.length + webhooks * senders;
    await eventually("a stream of webhooks", async () => (acknowledged.length > enough ? true : undefined));
  };
  await more();
  await begin();
  await eventually("a server that refuses", async () => {
    const { accepted, refused } = await sendAll(ingestUrl, webhooks);
    acknowledged.push(...accepted);
    return refused === webhooks && !(await isReady(server.url)) ? true : undefined;
  });
  await sleep(lastingMs);
  const asAgent = (it: Operation, input: object) => mcpStatus(asked, it, input);
  const [changed, read, ...byAgent] = await Promise.all([
    changing(),
    asking(),
    asAgent(createEndpoint, { name: "meanwhile too", targetUrl: target.url }),
    asAgent(listLogs, { endpointId: "patient" }),
  ]);
  for (const [answer, allowed] of [
    [changed, change],
    [read, question],
  ] as const) {
    assert.ok(allowed.includes(answer.status), JSON.stringify(answer.json));
    if (answer.status === 503) saysToComeAgain(answer);
  }
  assert.ok(change.includes(byAgent[0]) && question.includes(byAgent[1]), `over MCP: ${byAgent.join()}`);
  await end();
  const endedAt = performance.now();
  await eventually("readiness", async () => ((await isReady(server.url)) ? true : undefined));
  t.diagnostic(`ready ${Math.round(performance.now() - endedAt)} ms after it was over`);
  await more();
  t.diagnostic(`${webhooks * senders} webhooks later after ${Math.round(performance.now() - endedAt)} ms`);
  load.isOver = true;
  await Promise.all(sending);
  // What was sent into the trouble may fail seconds after it was over, and with it what waits behind.
  await eventually("webhooks of which none is refused", async () => {
    const { accepted, refused } = await sendAll(ingestUrl, webhooks);
    acknowledged.push(...accepted);
    return refused === 0 ? true : undefined;
  });
  assert.equal((await changing()).status, 200);
  // A claim may be written where its end cannot: what a lease is too short for is delivered once more for each.
  const unrecordedMax = 1 + Math.ceil(lastingMs / leaseMs);
  const scene = { server, tables: postgresTables(directUrl), target, unrecordedMax };
  await assertNothingLost(scene, acknowledged);
  t.diagnostic(`all is delivered after ${Math.round(performance.now() - endedAt)} ms`);
  assert.equal((await server.stop()).code, 0);
}

/** A problem of RFC 9457, with the time to come again. */
function saysToComeAgain({ status, headers, json }: Answer): void {
  assert.equal(headers.get("content-type"), "application/problem+json");
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.partialDeepStrictEqual(json, { status, code: "unavailable" });
}

const Refusal = z.object({ code: z.literal("unavailable"), retryAfterMs: z.number().positive() });
const Reply = z.union([
  z.object({ error: z.object({ data: Refusal }) }),
  z.object({
    result: z.object({ isError: z.literal(true), content: z.tuple([z.object({ text: z.string() })]) }),
  }),
  z.object({ result: z.object({ structuredContent: z.looseObject({}) }) }),
]);

/**
 * What a call comes to over MCP: 200, or 503, which is said as a status when nobody can tell who calls, else as the result
 * of a tool. Either says when to come again.
 */
async function mcpStatus(
  { url, key }: { readonly url: string; readonly key: string },
  { name }: Operation,
  input: object,
): Promise<200 | 503> {
  const response = await fetch(`${url}/api/mcp`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(ask("tools/call", { name, arguments: input })),
  });
  const reply = Reply.parse(await response.json());
  if ("error" in reply) {
    assert.equal(response.status, 503);
    assert.match(response.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    return 503;
  }
  assert.equal(response.status, 200);
  if ("structuredContent" in reply.result) return 200;
  Refusal.parse(JSON.parse(reply.result.content[0].text));
  return 503;
}
