import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { eventually } from "../journeys/eventually.ts";
import { freshFolder, startServer } from "../journeys/server-process.ts";
import { fuzz } from "./fuzzing.ts";
import { firstAnswer, sendRaw } from "./raw-client.ts";

const inputs = 150;
/** What a server may hold that has seen all of this: several times what it starts with, and far less than it was sent in a night. */
const residentBytesMax = 700 * 2 ** 20;

type Sent = { readonly pieces: readonly Buffer[]; readonly then: "waits" | "ends" | "resets" };

/** Two requests that servers have disagreed on where the first one ends. */
const smuggled: readonly string[] = [
  "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /",
  "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /",
  "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
  "Content-Length: 5, 6\r\n\r\nabcdef",
  "Content-Length: +5\r\n\r\nabcde",
  "Content-Length: -1\r\n\r\n",
  "Content-Length: 99999999999999999999\r\n\r\nabc",
  "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
  "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
  "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
  "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
  "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
  'Transfer-Encoding: chunked\r\n\r\n5;a="b\r\nabcde\r\n0\r\n\r\n',
  "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
  "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
  "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
  "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
  "X: a\r\n b\r\n\r\n",
  "X: a\nY: b\n\n",
  "X\0: a\r\n\r\n",
  ": a\r\n\r\n",
  "Expect: 200-maybe\r\n\r\n",
  "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
];

/** First lines, of which only some are HTTP. */
const lines: readonly string[] = [
  "GET / HTTP/1.1",
  "POST /in/x HTTP/1.0",
  "GET / HTTP/2.0",
  "GET http://elsewhere.example/ HTTP/1.1",
  "GET  /  HTTP/1.1",
  "GET /\0 HTTP/1.1",
  "GET",
  "PRI * HTTP/2.0",
  "CONNECT elsewhere.example:443 HTTP/1.1",
  "\x16\x03\x01\x02",
  "get / http/1.1",
];

/** Bytes that come to a socket, in pieces; `path` is that of an endpoint. */
function sendings(path: string): fc.Arbitrary<Sent> {
  const post = `POST ${path} HTTP/1.1\r\nHost: a\r\n`;
  const latin = (text: string) => Buffer.from(text, "latin1");
  const headers = fc
    .tuple(fc.constantFrom(0, 50, 99, 101, 2_000, 20_000), fc.integer({ min: 1, max: 9_000 }))
    .map(([count, length]) => latin(`${post}${"a: b\r\n".repeat(count)}c: ${"d".repeat(length)}\r\n\r\n`));
  const whole = fc.oneof(
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(fc.constantFrom(...lines), fc.constantFrom("\r\n\r\n", "\n\n", "\r\n", ""))
      .map((parts) => latin(parts.join(""))),
    fc.constantFrom(...smuggled).map((rest) => latin(post + rest)),
    headers,
    fc
      .constantFrom("/in/", "/api/v1/endpoints", "/api/mcp", "//", "/%", `/${"a".repeat(20_000)}`)
      .map((target) => latin(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)),
    fc
      .integer({ min: 2, max: 300 })
      .map((count) => latin("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".repeat(count))),
    fc
      .tuple(fc.constantFrom(...smuggled), fc.nat(), fc.nat(255))
      .map(([rest, at, byte]) => altered(latin(post + rest), at, byte)),
  );
  return fc
    .tuple(
      whole,
      fc.array(fc.nat(), { maxLength: 3 }),
      fc.constantFrom<Sent["then"]>("ends", "ends", "ends", "ends", "waits", "resets"),
    )
    .map(([bytes, cuts, then]) => ({ pieces: cutAt(bytes, cuts), then }));
}

function altered(bytes: Buffer, at: number, byte: number): Buffer {
  bytes[at % bytes.length] = byte;
  return bytes;
}

function cutAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.slice(1).map((to, i) => bytes.subarray(places[i], to));
}

test("whatever bytes come to a socket, the server goes on answering, holds no connection and little memory", (t) =>
  fuzz(t, async (seed) => {
    const server = await startServer(t, { folder: await freshFolder(t) });
    const { ingestUrl } = await server.ask(createEndpoint, { name: "orders", targetUrl: server.echoUrl });
    const property = fc.asyncProperty(sendings(new URL(ingestUrl).pathname), async ({ pieces, then }) => {
      const answer = firstAnswer(await sendRaw(server.url, pieces, then));
      assert.ok(answer === undefined || answer.status < 500, `${answer?.status} ${answer?.body}`);
    });
    await fc.assert(property, { seed, numRuns: inputs });
    const figures = await eventually("a server without open connections", async () => {
      const now = await figuresOf(server.url);
      return now["sluice_connections"] === 1 ? now : undefined;
    });
    assert.equal(figures["sluice_body_bytes_in_flight"], 0);
    const resident = figures["process_resident_memory_bytes"] ?? Infinity;
    t.diagnostic(`${Math.round(resident / 2 ** 20)} MiB resident`);
    assert.ok(resident < residentBytesMax, `${resident} bytes are resident`);
    assert.equal((await server.ask(accountForWebhooks, {})).remainder, 0);
    assert.doesNotMatch(server.log(), /err_|bug |unhandled|Error/i);
    assert.equal((await server.stop()).code, 0);
    return inputs;
  }));

/** Asked on a connection that is not kept: the one it counts is its own. */
async function figuresOf(url: string): Promise<Readonly<Record<string, number>>> {
  const asked = Buffer.from("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const { body } = firstAnswer(await sendRaw(url, [asked], "waits")) ?? { body: "" };
  const lined = body.split("\n").filter((line) => /^\w+ [\d.e+]+$/.test(line));
  return Object.fromEntries(lined.map((line) => [line.split(" ")[0] ?? "", Number(line.split(" ")[1])]));
}
