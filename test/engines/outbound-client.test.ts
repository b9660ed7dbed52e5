import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Failure } from "../../src/kernel/failure.ts";
import { cliClient } from "../../src/engines/outbound/client.ts";
import { portOf } from "../../src/engines/outbound/fault-target.ts";

async function serving(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request
      .on("data", (chunk: Buffer) => (body += chunk.toString()))
      .on("end", () => answer(request, response, body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => void server.close());
  return `http://127.0.0.1:${portOf(server)}`;
}

test("a call sends JSON and the token, and gives status, headers and JSON back", async (t) => {
  const url = await serving(t, (request, response, body) => {
    response.setHeader("etag", '"7"');
    response.statusCode = 201;
    const { authorization } = request.headers;
    response.end(
      JSON.stringify([request.method, request.url, authorization, request.headers["if-match"], body]),
    );
  });
  const client = cliClient(`${url}/base/`, "obviously-fake-token");
  t.after(() => client.close());
  const answer = await client.call("POST", "/api/v1/endpoints", { name: "a" }, { "if-match": '"6"' });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers["etag"], '"7"');
  assert.deepEqual(answer.json, [
    "POST",
    "/base/api/v1/endpoints",
    "Bearer obviously-fake-token",
    '"6"',
    '{"name":"a"}',
  ]);
});

test("an empty body or one that is no JSON has no json", async (t) => {
  const url = await serving(t, (request, response) => response.end(request.url === "/empty" ? "" : "<html>"));
  const client = cliClient(url, null);
  t.after(() => client.close());
  assert.equal((await client.call("GET", "/empty")).json, undefined);
  assert.equal((await client.call("GET", "/html")).json, undefined);
});

test("nothing listening is a failure that says how to start it", async (t) => {
  const url = await serving(t, () => undefined);
  const client = cliClient("http://127.0.0.1:1", null);
  t.after(() => client.close());
  await assert.rejects(client.call("GET", "/"), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, "unavailable");
    assert.equal(error.message, "Nothing answers at http://127.0.0.1:1.");
    assert.match(error.detail.hint ?? "", /sluice serve.*--url/);
    return true;
  });
  assert.throws(() => cliClient(url.replace("http:", "ftp:"), null), Failure);
  assert.throws(() => cliClient("localhost:8080", null), Failure);
});

test("an endless answer is cut off as a failure", async (t) => {
  const url = await serving(t, (_request, response) => {
    const piece = Buffer.alloc(1024 * 1024, " ");
    const pump = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", pump);
    pump();
  });
  const client = cliClient(url, null);
  t.after(() => client.close());
  await assert.rejects(client.call("GET", "/"), /more than 16 MiB/);
});
