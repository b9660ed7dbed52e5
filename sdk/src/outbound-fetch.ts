import { listen } from "./listen.ts";
import { noteError, observation, type Observation } from "./observation.ts";
import type { Taps } from "./taps.ts";

/** What undici tells of a request, of its own and of that inside Node, which `fetch` uses. */
type UndiciRequest = {
  readonly origin?: unknown;
  readonly path?: unknown;
  readonly method?: unknown;
  /** Names and values in turn; in undici 5 the lines of the head. */
  readonly headers?: unknown;
};
type Published = {
  readonly request: UndiciRequest;
  readonly response?: { readonly statusCode: number; readonly headers: readonly unknown[] };
  readonly chunk?: unknown;
  readonly error?: unknown;
};
type Call = { readonly observed: Observation; status: number | null; responseHead: string };

/** Observes calls by `fetch` and undici that are made while a request is handled. @returns what ends it */
export function tapOutboundFetch(taps: Taps): () => void {
  const calls = new WeakMap<UndiciRequest, Call>();
  const on = (work: (call: Call, published: Published) => void) => (published: Published) => {
    const call = calls.get(published.request);
    if (call !== undefined) work(call, published);
  };
  const end = (call: Call, { request }: Published, failed: boolean) => {
    const { observed, status, responseHead } = call;
    if (observed.ended) return;
    observed.ended = true;
    const { method, path } = request;
    const outcome = failed ? "failed" : "answered";
    const requestHead = headOf(request);
    try {
      taps.recipient.receive(observed, {
        method: String(method),
        target: String(path),
        status,
        outcome,
        ip: "",
        requestHead,
        responseHead,
      });
    } finally {
      observed.request.release();
      observed.response.release();
    }
  };
  return listen(taps.recipient, {
    "undici:request:create"({ request }: Published) {
      const cause = taps.storage.getStore();
      if (cause === undefined) return;
      const { allowance } = taps;
      const observed = observation("outbound", {
        traceparent: cause.traceparent,
        parent: cause.id,
        allowance,
      });
      calls.set(request, { observed, status: null, responseHead: "" });
    },
    // Newer than Node 20: there bodies of these calls are not seen.
    "undici:request:bodyChunkSent": on(({ observed }, { chunk }) => addChunk(observed.request, chunk)),
    "undici:request:bodyChunkReceived": on(({ observed }, { chunk }) => addChunk(observed.response, chunk)),
    "undici:request:headers": on((call, { response }) => {
      call.status = response?.statusCode ?? null;
      call.responseHead = response?.headers.map((part) => textOf(part)).join("\n") ?? "";
    }),
    "undici:request:trailers": on((call, published) => end(call, published, false)),
    "undici:request:error": on((call, published) => {
      noteError(call.observed.cause, published.error);
      end(call, published, true);
    }),
  });
}

function addChunk(tee: Observation["request"], chunk: unknown): void {
  if (typeof chunk === "string") tee.addText(chunk);
  else if (chunk instanceof Uint8Array) tee.addBytes(chunk);
}

/** The host is no header here. */
function headOf({ origin, headers }: UndiciRequest): string {
  const host = URL.canParse(String(origin)) ? new URL(String(origin)).host : "";
  if (typeof headers === "string") return `\r\nHost: ${host}\r\n${headers}`;
  const pairs = Array.isArray(headers) ? headers.map((part) => textOf(part)) : [];
  return ["host", host, ...pairs].join("\n");
}

function textOf(part: unknown): string {
  return part instanceof Uint8Array ? Buffer.from(part).toString("latin1") : String(part);
}
