// The receiving end of the protocol in these tests: a real HTTP server that keeps every byte it is sent.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import type { CapturedBatch, CapturedRecord, CaptureSettings } from "../../capture/wire.ts";

export const exampleKey = "mk_0000000000EXAMPLE0000000000EXAMPLE0000000000EXAMP";

export const exampleSettings: CaptureSettings = {
  revision: "1",
  environment: "production",
  bucket: "default",
  tokenKey: Buffer.alloc(32, 7).toString("base64"),
  bodyBytesMax: 65_536,
  flushEveryMs: 100,
  payloadsPerMinuteMax: 1_000_000,
  redactions: [],
  exclusions: [],
  samplings: [],
  blocks: [],
};

type Handling = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export type Receiver = {
  readonly url: string;
  /** Each body as it arrived, inflated, with the head of its request: all that ever left the process. */
  readonly bytes: Buffer[];
  readonly batches: CapturedBatch[];
  records(): readonly CapturedRecord[];
  settings: CaptureSettings;
  /** Settings are answered as 304 when they are known: how often that was. */
  unchanged: number;
  /** Answers batches (or all) differently, when set. */
  onBatch: Handling | undefined;
  onSettings: Handling | undefined;
  close(): Promise<void>;
};

export async function receiver(port = 0): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(self, { request, response, body: Buffer.concat(chunks) }));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const self: Receiver = {
    url: `http://127.0.0.1:${address.port}`,
    bytes: [],
    batches: [],
    records: () => self.batches.flatMap(({ records }) => records),
    settings: exampleSettings,
    unchanged: 0,
    onBatch: undefined,
    onSettings: undefined,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return self;
}

type Asked = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly body: Buffer };

function answer(self: Receiver, { request, response, body }: Asked): void {
  const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  self.bytes.push(Buffer.from(`${request.method} ${request.url}\n${request.rawHeaders.join("\n")}\n`), plain);
  if (request.url === "/capture/v1/settings") answerSettings(self, { request, response, body });
  else if (request.url === "/capture/v1/batches" && request.method === "POST") {
    if (self.onBatch !== undefined) return self.onBatch(request, response, plain);
    answerBatch(self, response, parsed(plain));
  } else response.writeHead(404).end();
}

function answerSettings(self: Receiver, { request, response, body }: Asked): void {
  if (self.onSettings !== undefined) return self.onSettings(request, response, body);
  const etag = `"${self.settings.revision}"`;
  if (request.headers["if-none-match"] === etag) {
    self.unchanged += 1;
    response.writeHead(304, { ETag: etag }).end();
  } else response.writeHead(200, { ETag: etag }).end(JSON.stringify(self.settings));
}

/** Takes a batch once, as the server does. */
export function answerBatch(self: Receiver, response: ServerResponse, batch: CapturedBatch): void {
  if (!self.batches.some(({ id }) => id === batch.id)) self.batches.push(batch);
  const { revision } = self.settings;
  const accepted = batch.records.length;
  response.writeHead(202).end(JSON.stringify({ accepted, duplicates: 0, refused: [], settings: revision }));
}

export function parsed(body: Buffer): CapturedBatch {
  return JSON.parse(body.toString()) as CapturedBatch;
}
