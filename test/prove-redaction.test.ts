// Canaries that must be stored nowhere: brought in by every way in, at every place that a secret is known to stand, and cut
// off at every place; then everything that is stored is searched, unpacked, and the files as they are.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { after, before, describe, test } from "node:test";
import { defaultLimits, type Inbound } from "../src/engines/inbound/inbound.ts";
import { listen } from "../src/engines/inbound/node-http.ts";
import { bootstrap } from "../src/planes/account/bootstrap.ts";
import { importHar } from "../src/planes/traffic/operations/import-har.ts";
import { traffic } from "../src/planes/traffic/plane.ts";
import { invoke } from "../src/registry/invoke.ts";
import { recordIdAt, recordOf, type Told } from "./captured.ts";
import { authenticatorOf, callerOf, openWorld, principalOf, type World } from "./world.ts";

const card = "4111111111111111";
/** Half of a canary is as bad as the whole: what is searched for is a part of each. */
const canary = "CANARY7fb2c1d9";
const parts = [canary.slice(0, 11), card.slice(0, 12)];

const json = [["Content-Type", "application/json"]] as const;
const typed = (type: string) => [["Content-Type", type]] as const;

const document = JSON.stringify({
  user: { name: "Ada", password: canary, tokens: [{ access_token: canary }, { refresh_token: canary }] },
  payment: { note: "kept", card, cvv: 737 },
  text: `my key is sk_live_${canary}ABCDEFGH0123 and my card ${card}`,
});

/** Where secrets stand, by name. */
const places: Readonly<Record<string, Told>> = {
  "authorization header": { request: { headers: [["Authorization", `Bearer ${canary}`]] } },
  "cookie header": { request: { headers: [["Cookie", `session=${canary}; theme=dark`]] } },
  "key header": { request: { headers: [["X-Api-Key", canary]] } },
  "proxy authorization": {
    request: { headers: [["Proxy-Authorization", `Basic ${btoa(`ada:${canary}`)}`]] },
  },
  "set-cookie header": { response: { headers: [["Set-Cookie", `session=${canary}; Path=/; HttpOnly`]] } },
  "location header": {
    response: { headers: [["Location", `https://app.example/cb?access_token=${canary}`]] },
  },
  "referer header": { request: { headers: [["Referer", `https://app.example/?token=${canary}`]] } },
  query: { target: `/callback?token=${canary}&page=2` },
  "percent-encoded query": { target: `/callback?pass%77ord=${canary}&card=${card}` },
  "path after a word for it": { target: `/reset/token/${canary}` },
  JSON: { request: { headers: json, text: document }, response: { headers: json, text: document } },
  "JSON without its type": { request: { text: document } },
  "JSON lines": { request: { headers: typed("application/x-ndjson"), text: `${document}\n${document}\n` } },
  "escaped names": {
    request: { headers: json, text: `{"pass\\u0077ord":"${canary}","\\u0063ard":"${card}"}` },
  },
  form: {
    request: {
      headers: typed("application/x-www-form-urlencoded"),
      text: `a=1&password=${canary}&card=${card}`,
    },
  },
  multipart: {
    request: {
      headers: typed("multipart/form-data; boundary=cut"),
      text: `--cut\r\nContent-Disposition: form-data; name="password"\r\n\r\n${canary}\r\n--cut\r\nContent-Disposition: form-data; name="note"\r\n\r\ncard ${card}\r\n--cut--\r\n`,
    },
  },
  XML: {
    request: {
      headers: typed("application/xml"),
      text: `<login><password>${canary}</password><n card="${card}"/></login>`,
    },
  },
  events: {
    response: {
      headers: typed("text/event-stream"),
      text: `event: a\ndata: {"token":"${canary}"}\n\ndata: ${card}\n\n`,
    },
  },
  text: { response: { headers: typed("text/plain"), text: `password: ${canary}\ncard ${card}` } },
  "GraphQL variables": {
    request: {
      headers: json,
      text: JSON.stringify({
        query: "mutation($p: String!) { login(password: $p) { id } }",
        variables: { password: canary },
      }),
    },
  },
  error: {
    status: 500,
    error: { type: "Error", message: `login with password=${canary} and card ${card} failed` },
  },
  "kind of an error": {
    status: 500,
    error: { type: `login with password=${canary} and card ${card}`, message: "" },
  },
  host: { host: `sk_live_${canary}ABCDEFGH0123` },
  "address of the sender": { ip: `token=${canary}` },
  "user agent": { request: { headers: [["User-Agent", `app/1 (token=${canary})`]] } },
};

describe("what is nobody's business is stored nowhere", () => {
  let world: World;
  let inbound: Inbound;
  let key = "";
  let workspace = "";
  let sent = 0;

  before(async () => {
    world = await openWorld();
    const { engines } = world;
    const first = await bootstrap(engines, undefined);
    key = first?.key.reveal() ?? "";
    workspace = first?.workspace ?? "";
    const { routes } = await traffic.start(engines, await authenticatorOf(engines));
    const { clock, log } = engines;
    inbound = await listen({
      host: "127.0.0.1",
      port: 0,
      routes,
      app: null,
      limits: defaultLimits,
      clock,
      log,
    });
  });
  after(async () => {
    await inbound.close(0);
    await world.close();
  });

  async function send(told: readonly Told[], encoding: "gzip" | "identity"): Promise<void> {
    const now = world.clock.now();
    const body = Buffer.from(
      JSON.stringify({
        id: recordIdAt(now),
        agent: { name: "prover", version: "1" },
        sentAt: now,
        records: told.map((it) => recordOf(it, now)),
      }),
    );
    const response = await fetch(`${inbound.url}/capture/v1/batches`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "content-encoding": encoding,
      },
      body: encoding === "gzip" ? gzipSync(body) : body,
    });
    const answer: unknown = await response.json();
    assert.equal(response.status, 202, JSON.stringify(answer));
    assert.partialDeepStrictEqual(answer, { accepted: told.length, refused: [] });
    sent += told.length;
  }

  test("from what an agent says of itself and of what it dropped", async () => {
    const said = `card ${card}`;
    const response = await fetch(`${inbound.url}/capture/v1/batches`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        agent: { name: said, version: said, service: `token=${canary}`, instance: `token=${canary}` },
        records: [recordOf({}, world.clock.now())],
        dropped: { records: 1, reasons: { [said]: 1, queueFull: 1 } },
      }),
    });
    assert.equal(response.status, 202, await response.text());
    assertNothing(world);
  });

  for (const [name, told] of Object.entries(places))
    test(`from ${name}`, async () => {
      await send([told], "identity");
      await send([told], "gzip");
      assertNothing(world);
    });

  test("by spans of OpenTelemetry, in every attribute that is kept", async () => {
    const text = (name: string, stringValue: string) => ({ key: name, value: { stringValue } });
    const list = (name: string, stringValue: string) => ({
      key: name,
      value: { arrayValue: { values: [{ stringValue }] } },
    });
    const at = BigInt(world.clock.now()) * 1_000_000n;
    const span = {
      traceId: "5b8efff798038103d269b633813fc60c",
      spanId: "eee19b7ec3c1b174",
      name: "POST",
      kind: 2,
      startTimeUnixNano: String(at),
      endTimeUnixNano: String(at + 5_000_000n),
      attributes: [
        text("http.request.method", "POST"),
        text("url.path", `/reset/token/${canary}`),
        text("url.query", `token=${canary}&page=2`),
        text("server.address", "otel.example.com"),
        text("user_agent.original", `app/1 (token=${canary})`),
        list("http.request.header.authorization", `Bearer ${canary}`),
        list("http.request.header.content-type", "application/json"),
        list("http.response.header.set-cookie", `session=${canary}`),
        text("http.request.body.content", document),
        text("http.response.body.content", document),
        { key: "http.response.status_code", value: { intValue: 500 } },
      ],
      events: [
        {
          name: "exception",
          attributes: [
            text("exception.type", "Error"),
            text("exception.message", `password=${canary} and card ${card}`),
          ],
        },
      ],
    };
    const response = await fetch(`${inbound.url}/otlp/v1/traces`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
    });
    assert.equal(response.status, 200, await response.text());
    assertNothing(world);
    assert.ok(world.dump().includes("otel.example.com"), "the span was stored");
  });

  test("by an HTTP archive, in addresses, headers and content", async () => {
    const entry = {
      startedDateTime: new Date(world.clock.now()).toISOString(),
      time: 5,
      request: {
        method: "POST",
        url: `https://har.example.com/login?password=${canary}`,
        headers: [
          { name: "Cookie", value: `session=${canary}` },
          { name: "Content-Type", value: "application/json" },
        ],
        postData: { mimeType: "application/json", text: document },
      },
      response: {
        status: 200,
        headers: [{ name: "Set-Cookie", value: `session=${canary}` }],
        content: {
          size: document.length,
          mimeType: "application/json",
          text: Buffer.from(document).toString("base64"),
          encoding: "base64",
        },
      },
    };
    const caller = callerOf(principalOf(workspace, "all"));
    const stored = await invoke(importHar, { har: { log: { entries: [entry] } } }, caller, world.engines);
    assert.equal(stored["stored"], 1, JSON.stringify(stored));
    assertNothing(world);
    assert.ok(world.dump().includes("har.example.com"), "the entry was stored");
  });

  test("cut off at every place of every body", async () => {
    for (const { request, response } of Object.values(places))
      for (const [side, message] of Object.entries({ request, response })) {
        const { text, headers = [] } = message ?? {};
        if (text === undefined) continue;
        const cut = Array.from({ length: text.length - 1 }, (_, n) => ({
          [side]: { headers, text: text.slice(0, n + 1), truncated: true },
        }));
        for (let from = 0; from < cut.length; from += 500) await send(cut.slice(from, from + 500), "gzip");
      }
    assertNothing(world);
  });

  test("nor after it was packed; and what was no secret is there", async () => {
    while ((await world.engines.ledger.seal(1_000)) > 0);
    assertNothing(world);
    const stored = world.dump();
    assert.ok(sent > 1_000, `${sent} records were sent`);
    for (const kept of ['"note":"kept"', "theme=", "page=2", "REDACTED-"])
      assert.ok(stored.includes(kept), kept);
  });

  test("the search finds what is stored", async () => {
    await send([{ request: { headers: [["X-Note", "CANARY-that-is-no-secret"]] } }], "gzip");
    assert.ok(world.dump().includes("CANARY-that-is-no-secret"));
  });
});

function assertNothing({ folder, dump }: World): void {
  const stored = dump();
  for (const part of parts) assert.ok(!stored.includes(part), `${part} is stored: ${around(stored, part)}`);
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const bytes = readFileSync(join(name.parentPath, name.name)).toString("latin1");
    for (const part of parts) assert.ok(!bytes.includes(part), `${part} is in ${name.name}`);
  }
}

function around(text: string, part: string): string {
  const at = text.indexOf(part);
  return JSON.stringify(text.slice(Math.max(0, at - 80), at + 80));
}
