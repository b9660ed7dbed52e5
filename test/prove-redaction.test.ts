// Canaries that must be stored nowhere: brought in by every way in, at every place that a secret is known to stand, and cut
// off at every place; then everything that is stored is searched, unpacked, and the files as they are.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { after, before, describe, test } from "node:test";
import { defaultLimits, type Inbound } from "../src/engines/inbound/inbound.ts";
import { listen } from "../src/engines/inbound/node-http.ts";
import { bootstrap } from "../src/planes/account/bootstrap.ts";
import { importHar } from "../src/planes/traffic/operations/import-har.ts";
import { traffic } from "../src/planes/traffic/plane.ts";
import { invoke } from "../src/registry/invoke.ts";
import { jsonRequest, protobufRequest } from "./capture/spans.ts";
import { recordIdAt, recordOf, type Told } from "./captured.ts";
import { entryOf, spanOf } from "./told-elsewhere.ts";
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

/** What encodings there are, and how a body may be packed although no header says so. */
const encodings: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: zlib.gzipSync,
  "x-gzip": zlib.gzipSync,
  GZIP: zlib.gzipSync,
  deflate: zlib.deflateSync,
  "deflate, raw": zlib.deflateRawSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
  "gzip, br": (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes)),
  "gzip, identity, zstd": (bytes) => zlib.zstdCompressSync(zlib.gzipSync(bytes)),
  "secret-sauce": zlib.deflateRawSync,
  "gzip, secret-sauce": zlib.gzipSync,
  gzip_that_is_zstd: zlib.zstdCompressSync,
  br_that_is_gzip: zlib.gzipSync,
  "": zlib.gzipSync,
  identity: zlib.zstdCompressSync,
};

function encodedBodies(): readonly Told[] {
  return Object.entries(encodings).flatMap(([encoding, pack]) => {
    const bytes = pack(Buffer.from(document));
    const headers = [
      ...json,
      ["Content-Encoding", encoding.replace(", raw", "").replace(/_.*/, "")],
    ] as const;
    return [{ request: { headers, bytes } }, { response: { headers, bytes } }];
  });
}

describe("what is nobody's business is stored nowhere", () => {
  let world: World;
  let inbound: Inbound;
  let key = "";
  let workspace = "";

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

  async function post(path: string, body: Buffer, headers: Readonly<Record<string, string>>) {
    const response = await fetch(inbound.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, ...headers },
      body,
    });
    return { status: response.status, text: Buffer.from(await response.arrayBuffer()).toString("latin1") };
  }

  async function sendBatch(told: readonly Told[], encoding: "gzip" | "identity"): Promise<void> {
    const now = world.clock.now();
    const body = Buffer.from(
      JSON.stringify({
        id: recordIdAt(now),
        agent: { name: "prover", version: "1" },
        sentAt: now,
        records: told.map((it) => recordOf(it, now)),
      }),
    );
    const { status, text } = await post(
      "/capture/v1/batches",
      encoding === "gzip" ? zlib.gzipSync(body) : body,
      { "content-type": "application/json", "content-encoding": encoding },
    );
    assert.equal(status, 202, text);
    assert.partialDeepStrictEqual(JSON.parse(text), { accepted: told.length, refused: [] });
  }

  async function sendSpans(told: readonly Told[], type: string): Promise<void> {
    const now = world.clock.now();
    const traceId = recordIdAt(now);
    const spans = told.map((it, n) => ({ ...spanOf(it, n, now), traceId }));
    const made =
      type === "application/json"
        ? Buffer.from(JSON.stringify(jsonRequest({}, spans)))
        : protobufRequest({}, spans);
    const { status, text } = await post("/otlp/v1/traces", made, { "content-type": type });
    assert.deepEqual([status, text], [200, type === "application/json" ? "{}" : ""]);
  }

  async function importArchive(told: readonly Told[]): Promise<void> {
    const entries = told.map((it) => entryOf(it, world.clock.now()));
    const caller = callerOf(principalOf(workspace, "all"));
    const answer = await invoke(importHar, { har: { log: { entries } } }, caller, world.engines);
    assert.partialDeepStrictEqual(answer, { refusedInAll: 0, leftOut: 0 });
  }

  const ways: Readonly<Record<string, (told: readonly Told[]) => Promise<void>>> = {
    "in a batch": (told) => sendBatch(told, "identity"),
    "in a batch that is gzipped": (told) => sendBatch(told, "gzip"),
    "by OpenTelemetry in JSON": (told) => sendSpans(told, "application/json"),
    "by OpenTelemetry in Protocol Buffers": (told) => sendSpans(told, "application/x-protobuf"),
    "by an HTTP archive": importArchive,
  };

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

  for (const [way, send] of Object.entries(ways))
    describe(way, () => {
      for (const [name, told] of Object.entries(places))
        test(`from ${name}`, async () => {
          await send([told]);
          assertNothing(world);
        });

      test("from a body that is encoded, however often and whatever its header says", async () => {
        await send(encodedBodies());
        await assertNothingInside(world, workspace);
      });

      test("from a body that is cut off, at every place", async () => {
        const cut = cutBodies();
        for (let from = 0; from < cut.length; from += 500) await send(cut.slice(from, from + 500));
        assertNothing(world);
      });
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

  test("nor after it was packed; and what was no secret is there", async () => {
    while ((await world.engines.ledger.seal(1_000)) > 0);
    assertNothing(world);
    const stored = world.dump();
    for (const kept of ['"note":"kept"', "theme=", "page=2", "REDACTED-"])
      assert.ok(stored.includes(kept), kept);
  });

  test("the search finds what is stored", async () => {
    await sendBatch([{ request: { headers: [["X-Note", "CANARY-that-is-no-secret"]] } }], "gzip");
    assert.ok(world.dump().includes("CANARY-that-is-no-secret"));
    const packed = zlib.brotliCompressSync(zlib.gzipSync(canary));
    assert.ok(insidesOf(packed).some((inside) => inside.toString("latin1").includes(canary)));
  });
});

/** Every body, cut off at every place. */
function cutBodies(): readonly Told[] {
  return Object.values(places).flatMap(({ request, response }) =>
    Object.entries({ request, response }).flatMap(([side, message]) => {
      const { text = "", headers = [] } = message ?? {};
      return Array.from({ length: Math.max(text.length - 1, 0) }, (_, n) => ({
        [side]: { headers, text: text.slice(0, n + 1), truncated: true },
      }));
    }),
  );
}

/** What whoever reads the bodies that are stored makes of them by undoing what encodings there are. */
async function assertNothingInside({ engines, ...world }: World, workspace: string): Promise<void> {
  assertNothing({ engines, ...world });
  const { rows } = await engines.ledger.find({
    workspace,
    where: { plane: "traffic", kinds: ["request"] },
    limit: 1_000,
    content: true,
  });
  const bodies = rows.flatMap(({ request, response }) => [request.body, response?.body]);
  const insides = bodies.flatMap((body) => (body ? insidesOf(body.bytes) : []));
  assert.ok(insides.length > 0);
  for (const inside of insides) {
    const text = inside.toString("latin1");
    for (const part of parts) assert.ok(!text.includes(part), `inside: ${around(text, part)}`);
  }
}

const decoders = [
  zlib.gunzipSync,
  zlib.inflateSync,
  zlib.inflateRawSync,
  zlib.brotliDecompressSync,
  zlib.zstdDecompressSync,
];

/** The bytes, and whatever any decoder makes of them and of what it made. */
function insidesOf(bytes: Uint8Array): readonly Buffer[] {
  const inner = decoders.flatMap((decode) => {
    try {
      const inside = decode(bytes, { maxOutputLength: 1024 * 1024 });
      return inside.length === 0 ? [] : insidesOf(inside);
    } catch {
      return [];
    }
  });
  return [Buffer.from(bytes), ...inner];
}

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
