// Secrets are put into every place a request has; then every byte that left the process is searched for them.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { buffer, text as textOf } from "node:stream/consumers";
import { suite, test } from "node:test";
import { gzipSync, brotliCompressSync, deflateSync } from "node:zlib";
import { listening } from "./frameworks/application.ts";
import { until, world } from "./agent-world.ts";
import { exampleKey } from "./receiver.ts";

/** Recognised by what it looks like, wherever it stands. */
const shaped = ["4111 1111 1111 1111", "sk_live_51EXAMPLEfakefake0000", "GB82WEST12345698765432"];
/** Recognised by the name it stands under. */
const named = "hunter2-canary-fake";

type Path = {
  readonly name: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | FormData;
};

const card = shaped[0] ?? "";
const json = { user: { password: named, nested: [{ api_key: named, card }] }, say: shaped.join(" and ") };
const form = new FormData();
form.append("password", named);
form.append("file", new Blob([JSON.stringify(json)], { type: "application/json" }), "a.json");
const jsonType = { "Content-Type": "application/json" };

/** Each is also what the server answers with, so that both directions are tried. */
const ways: readonly Path[] = [
  {
    name: "headers",
    headers: { Authorization: `Bearer ${named}`, Cookie: `sid=${named}`, "X-Api-Key": named },
  },
  {
    name: "an innocent header",
    headers: { "X-Note": shaped[1] ?? "", Referer: `https://a.example/?token=${named}` },
  },
  { name: "the query", path: `/a?password=${named}&access_token=${named}&q=${encodeURIComponent(card)}` },
  { name: "the path", path: `/cards/${encodeURIComponent(card)}/keys/${shaped[1]}` },
  { name: "JSON", body: JSON.stringify(json), headers: jsonType },
  { name: "JSON that breaks off", body: JSON.stringify(json).slice(0, -30), headers: jsonType },
  {
    name: "JSON that is cut off by its size",
    body: JSON.stringify({ pad: "p".repeat(65_400), ...json, more: "m".repeat(9_000) }),
    headers: jsonType,
  },
  {
    name: "a form",
    body: new URLSearchParams({ password: named, card }).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  },
  { name: "a form of several parts", body: form },
  {
    name: "events",
    body: `data: ${JSON.stringify(json)}\n\ndata: ${card}\n\n`,
    headers: { "Content-Type": "text/event-stream" },
  },
  {
    name: "text",
    body: `password=${named} and ${shaped.join(", ")}`,
    headers: { "Content-Type": "text/plain" },
  },
  ...Object.entries({ gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync }).map(
    ([encoding, compress]) => ({
      name: encoding,
      body: compress(JSON.stringify(json)),
      headers: { ...jsonType, "Content-Encoding": encoding },
    }),
  ),
  {
    name: "an encoding that nobody knows",
    body: JSON.stringify(json),
    headers: { ...jsonType, "Content-Encoding": "secret-sauce" },
  },
];

suite("no secret leaves the process", () => {
  for (const { name, path = "/x", headers = {}, body } of ways)
    test(`by ${name}`, async (t) => {
      const { sink, agent, url } = await world(t, {
        async handler(request, response) {
          // The same comes back: as headers and body of the answer.
          const given = await buffer(request);
          for (const field of ["content-type", "content-encoding", "x-note", "x-api-key"])
            if (request.headers[field] !== undefined) response.setHeader(field, request.headers[field]);
          response.setHeader("Set-Cookie", `session=${named}; HttpOnly`);
          response.setHeader("Location", `https://b.example${request.url}`);
          response.end(given);
        },
      });
      const answer = await fetch(`${url}${path}`, {
        method: "POST",
        redirect: "manual",
        headers,
        ...(body !== undefined && { body: body as string }),
      });
      await answer.bytes().catch(() => undefined);
      await until(async () => (await agent.flush()) && sink.records().length > 0);
      const [record] = sink.records();
      assert.ok(record);
      // It was captured all the same, and says where something was.
      assert.equal(record.status, 200);
      assert.match(JSON.stringify(record), /REDACTED-/);
      search(Buffer.concat(sink.bytes));
    });

  test("by an error, of a call that failed and of a handler", async (t) => {
    const gone = await listening(createServer());
    await gone.close();
    const { sink, agent, url } = await world(t, {
      async handler(_, response) {
        await fetch(`${gone.url}/?api_key=${named}`).catch(() => undefined);
        response.destroy(new Error(`no card ${card} for password=${named}`));
      },
    });
    await assert.rejects(fetch(url));
    await until(async () => (await agent.flush()) && sink.records().length === 2);
    const call = sink.records().find(({ kind }) => kind === "outbound");
    const request = sink.records().find(({ kind }) => kind === "request");
    assert.deepEqual([call?.outcome, call?.status, request?.outcome], ["failed", null, "failed"]);
    assert.equal(call?.parent, request?.id);
    assert.match(request?.error?.message ?? "", /REDACTED-/);
    search(Buffer.concat(sink.bytes));
  });

  test("by the key itself: it is sent as a credential and stands nowhere else", async (t) => {
    const { sink, agent, url } = await world(t, { handler: (_, response) => response.end() });
    await (await fetch(url, { headers: { "X-Sluice": exampleKey } })).text();
    await until(async () => (await agent.flush()) && sink.records().length > 0);
    const said = Buffer.concat(sink.bytes.filter((_, n) => n % 2 === 1)).toString();
    assert.ok(said.includes("sluice-capture"), "the bodies are looked at");
    assert.ok(!said.includes(exampleKey));
  });
});

test("what is asked for as unsafe is done: the rules of the server alone hold", async (t) => {
  const { sink, agent, url } = await world(t, {
    handler: async (request, response) => response.end(await textOf(request)),
    options: { unsafe: { withoutDefaultRedactions: true } },
  });
  await (
    await fetch(url, { method: "POST", body: JSON.stringify({ password: named }), headers: jsonType })
  ).text();
  await until(async () => (await agent.flush()) && sink.records().length > 0);
  assert.ok(Buffer.concat(sink.bytes).includes(named));
});

function search(bytes: Buffer): void {
  for (const secret of [named, ...shaped, card.replaceAll(" ", ""), encodeURIComponent(card), "hunter2"])
    for (const written of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
      assert.ok(!bytes.includes(written), `${written} left the process`);
}
