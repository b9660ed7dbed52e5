import { kinds, type Raised, type Span } from "./span.ts";

/** A span is ended before the one it belongs to, and may come in an earlier batch. */
const keptMs = 10_000;
const spansMax = 50_000;
const spansOfTraceMax = 2_000;
/** Between a span and the request it belongs to. */
const depthMax = 64;

type Remembered = {
  readonly parent: string;
  readonly isServer: boolean;
  readonly startNs: bigint;
  readonly raised: Raised | null;
};

type Trace = { readonly since: number; readonly spans: Map<string, Remembered> };

/** What belongs to what within traces, as far as spans have come. */
export type Joined = {
  /** The request that a span was made for; undefined where that is not known, or not yet. */
  serverOf(span: Span): Pick<Span, "spanId" | "startNs"> | undefined;
  /** What was raised last while a request was handled. */
  raisedUnder(span: Span): Raised | undefined;
};

/** Spans of the last ten seconds, at most 50,000. */
export type TraceMemory = {
  /** Adds spans that came together, of one place, and says what belongs to what. */
  join(place: string, spans: readonly Span[], now: number): Joined;
};

export function traceMemory(): TraceMemory {
  // The oldest first.
  const traces = new Map<string, Trace>();
  let count = 0;

  function forget(now: number): void {
    for (const [key, { since, spans }] of traces) {
      if (now - since < keptMs && count <= spansMax) return;
      traces.delete(key);
      count -= spans.size;
    }
  }

  function add(key: string, span: Span, now: number): void {
    const trace = traces.get(key) ?? { since: now, spans: new Map<string, Remembered>() };
    traces.set(key, trace);
    if (trace.spans.size >= spansOfTraceMax || trace.spans.has(span.spanId)) return;
    const { parentSpanId: parent, kind, startNs, raised } = span;
    trace.spans.set(span.spanId, { parent, isServer: kind === kinds.server, startNs, raised });
    count += 1;
  }

  return {
    join(place, spans, now) {
      const key = ({ traceId }: Span): string => `${place}/${traceId}`;
      forget(now);
      for (const span of spans) add(key(span), span, now);
      const touched = new Map(spans.map((span) => [key(span), traces.get(key(span))?.spans]));
      const raised = new Map([...touched].map(([name, known]) => [name, raisedByServer(known)]));
      return {
        serverOf(span) {
          const known = touched.get(key(span));
          const id = known && serverAbove(span.parentSpanId, known);
          const server = id === undefined ? undefined : known?.get(id);
          return id === undefined || server === undefined
            ? undefined
            : { spanId: id, startNs: server.startNs };
        },
        raisedUnder: (span) => raised.get(key(span))?.get(span.spanId),
      };
    },
  };
}

function raisedByServer(spans: ReadonlyMap<string, Remembered> | undefined): ReadonlyMap<string, Raised> {
  const found = new Map<string, Raised>();
  for (const [id, { raised }] of spans ?? []) {
    const server = raised === null || spans === undefined ? undefined : serverAbove(id, spans);
    if (raised !== null && server !== undefined) found.set(server, raised);
  }
  return found;
}

/** The span itself, or the nearest of those that it belongs to, that is a request to a server. */
function serverAbove(id: string, spans: ReadonlyMap<string, Remembered>): string | undefined {
  let at = id;
  for (let depth = 0; depth < depthMax; depth++) {
    const span = spans.get(at);
    if (span === undefined) return undefined;
    if (span.isServer) return at;
    at = span.parent;
  }
  return undefined;
}
