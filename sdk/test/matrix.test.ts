// Frameworks as they are, with the agent in the same process: what is recorded of each case.
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, suite, test } from "node:test";
import type { CapturedBody, CapturedRecord } from "../../capture/wire.ts";
import { capture, type Capture } from "../src/capture.ts";
import {
  compressedText,
  events,
  thrown,
  user,
  type Application,
  type Framework,
} from "./frameworks/application.ts";
import { expressApp } from "./frameworks/express.ts";
import { fastifyApp } from "./frameworks/fastify.ts";
import { honoApp } from "./frameworks/hono.ts";
import { koaApp } from "./frameworks/koa.ts";
import { nestApp } from "./frameworks/nest.ts";
import { nextApp } from "./frameworks/next.ts";
import { nodeHttp, upstream } from "./frameworks/node-http.ts";
import { exampleKey, receiver, type Receiver } from "./receiver.ts";

const frameworks: readonly Framework[] = [
  nodeHttp,
  expressApp,
  fastifyApp,
  koaApp,
  honoApp,
  nestApp,
  nextApp,
];
const echoed = { name: "Zoë", list: [1, 2.5, null], note: "naïve ☃" };
const traceId = "0af7651916cd43dd8448eb211c80319c";

/** What is waited for comes long before. */
const looksMax = 3_000;
const lookEveryMs = 20;

let sink: Receiver;
let agent: Capture;
let called: Application;

before(async () => {
  sink = await receiver();
  called = await upstream();
  agent = capture({ url: sink.url, key: exampleKey });
  // The settings are there once a flush is answered.
  await agent.flush();
});
after(async () => {
  await agent.stop();
  await called.close();
  await sink.close();
});

for (const framework of frameworks)
  suite(framework.name, { skip: framework.missing ?? false }, () => {
    let app: Application;
    const recordOf = async (path: string): Promise<CapturedRecord> => {
      const port = new URL(app.url).port;
      const [record, ...more] = await untilFound(() =>
        sink.records().filter(({ host, target, kind }) => {
          return (
            kind === "request" &&
            host.endsWith(`:${port}`) &&
            target.startsWith(path) &&
            !target.includes("warming-up")
          );
        }),
      );
      assert.ok(record && more.length === 0, `one record of ${path}`);
      return record;
    };
    before(async () => {
      app = await framework.start(called.url, sink);
    });
    after(() => app.close());

    test("a GET, with its route, its headers and its answer", async () => {
      const headers = { "X-Trace": "7", Traceparent: `00-${traceId}-b7ad6b7169203331-01` };
      const answer = await fetch(`${app.url}/users/7?fields=all`, { headers });
      assert.deepEqual(await answer.json(), user);
      const record = await recordOf("/users/7");
      assert.partialDeepStrictEqual(record, {
        kind: "request",
        method: "GET",
        target: "/users/7?fields=all",
        route: framework.userRoute,
        status: 200,
        outcome: "answered",
        error: null,
        trace: traceId,
        parent: null,
        ip: "127.0.0.1",
        weight: 1,
      });
      assert.match(record.id, /^[\da-f]{12}7[\da-f]{3}[89ab][\da-f]{15}$/);
      assert.deepEqual(JSON.parse(textOf(record.response?.body)), user);
      assert.equal(headerOf(record.request.headers, "x-trace"), "7");
      assert.match(headerOf(record.response?.headers, "content-type") ?? "", /^application\/json/);
      assert.ok(headerOf(record.response?.headers, "date"), "with what Node adds by itself");
    });

    test("a POST, with both bodies in UTF-8 and their true sizes", async () => {
      const body = JSON.stringify(echoed);
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(`${app.url}/echo`, { method: "POST", body, headers });
      assert.deepEqual(await answer.json(), echoed);
      const { request, response } = await recordOf("/echo");
      assert.equal(textOf(request.body), body);
      assert.equal(request.size, Buffer.byteLength(body));
      assert.deepEqual(JSON.parse(textOf(response?.body)), echoed);
      assert.equal(response?.size, response?.body?.size);
      assert.equal(request.body?.truncated, false);
    });

    test("an error that the handler threw, as the 500 it became", async () => {
      const answer = await fetch(`${app.url}/throws`);
      await answer.text();
      assert.equal(answer.status, 500);
      const record = await recordOf("/throws");
      assert.equal(record.status, 500);
      assert.equal(record.outcome, "answered");
      assert.deepEqual(record.error, framework.tellsErrors ? { type: "Error", message: thrown } : null);
    });

    test("a 404, without a route", async () => {
      const answer = await fetch(`${app.url}/nowhere/to/be/found`);
      await answer.text();
      const record = await recordOf("/nowhere");
      assert.equal(record.status, 404);
      assert.equal(record.route, null);
    });

    test("a stream of events, whole", async () => {
      const answer = await fetch(`${app.url}/stream`);
      await answer.text();
      const record = await recordOf("/stream");
      assert.equal(textOf(record.response?.body), events.join(""));
      const isCompressed = headerOf(record.response?.headers, "content-encoding") !== undefined;
      if (!isCompressed) assert.equal(record.response?.size, Buffer.byteLength(events.join("")));
    });

    test("a body that no handler reads", async () => {
      const body = "never read";
      const headers = { "Content-Type": "text/plain" };
      const answer = await fetch(`${app.url}/unread`, { method: "POST", body, headers });
      assert.equal(await answer.text(), "unread");
      const record = await recordOf("/unread");
      assert.equal(textOf(record.request.body), body);
      assert.equal(textOf(record.response?.body), "unread");
    });

    test("a client that goes away in the middle of an answer", async () => {
      await abandon(`${app.url}/endless`);
      const record = await recordOf("/endless");
      assert.equal(record.outcome, "aborted");
      assert.equal(record.status, 200);
      assert.equal(textOf(record.response?.body), "begun");
    });

    test("a compressed answer, as text", async () => {
      const answer = await fetch(`${app.url}/compressed`);
      assert.equal(answer.headers.get("content-encoding"), "gzip");
      assert.equal(await answer.text(), compressedText);
      const { response } = await recordOf("/compressed");
      assert.equal(textOf(response?.body), compressedText);
      assert.ok((response?.size ?? 0) < compressedText.length, "its size is that of what was sent");
    });

    test("a call that was made meanwhile, as a child of its request", async () => {
      const answer = await fetch(`${app.url}/calls`);
      assert.equal(await answer.text(), "upstream got asked");
      const record = await recordOf("/calls");
      const children = await untilFound(() => sink.records().filter(({ parent }) => parent === record.id));
      assert.equal(children.length, 1);
      assert.partialDeepStrictEqual(children[0], {
        kind: "outbound",
        method: "POST",
        host: new URL(called.url).host,
        target: "/upstream?n=1",
        status: 200,
        outcome: "answered",
      });
      assert.equal(textOf(children[0]?.request.body), "asked");
      assert.equal(textOf(children[0]?.response?.body), "upstream got asked");
    });

    test("the figures of all of it, exactly", async () => {
      const route = framework.userRoute ?? "/users/{number}";
      // Frameworks share routes: what is counted of this one is what is added here.
      const rows = () =>
        sink.batches
          .flatMap(({ summaries }) => summaries)
          .filter((row) => row.route === route && row.status === 200);
      const total = () => rows().reduce((sum, { count }) => sum + count, 0);
      await untilFound(rows);
      const earlier = total();
      const asked = 7;
      for (let n = 0; n < asked; n++) await (await fetch(`${app.url}/users/7?again=${n}`)).text();
      await untilFound(() => (total() < earlier + asked ? [] : rows()));
      assert.equal(total() - earlier, asked);
      assert.ok(
        rows().every(({ count, durations }) => durations.reduce((sum, [, n]) => sum + n, 0) === count),
      );
      assert.equal(agent.stats().faults, 0);
    });
  });

function textOf(body: CapturedBody | null | undefined): string {
  assert.ok(body && "text" in body, "there is a body, and it is text");
  return body.text;
}

function headerOf(
  headers: readonly (readonly [string, string])[] | undefined,
  wanted: string,
): string | undefined {
  return headers?.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

/** Asks, waits for the beginning of the answer and closes the connection. */
function abandon(url: string): Promise<void> {
  return new Promise((gone, failed) => {
    const asked = httpRequest(url, (response) => {
      response.once("data", () => {
        response.on("error", () => {});
        asked.destroy();
        gone();
      });
    });
    asked.on("error", failed);
    asked.end();
  });
}

/** A server is done with a request later than its client: what is looked for may not be there at once. */
async function untilFound<T>(look: () => readonly T[]): Promise<readonly T[]> {
  for (let looks = 0; looks < looksMax; looks++) {
    assert.ok(await agent.flush(), "all that was captured is sent");
    const found = look();
    if (found.length > 0) return found;
    await new Promise((later) => setTimeout(later, lookEveryMs));
  }
  return assert.fail("it was never recorded");
}
