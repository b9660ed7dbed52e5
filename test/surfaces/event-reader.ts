import { setTimeout as sleep } from "node:timers/promises";

/** One server-sent event. */
export type ServerEvent = { readonly id: string | undefined; readonly event: string; readonly data: string };

export type EventReader = {
  readonly status: number;
  readonly headers: Headers;
  /** The next event; undefined when the stream ended. */
  next(): Promise<ServerEvent | undefined>;
  /** As JSON-RPC. */
  message(): Promise<Spoken>;
  /** What comes within some time, which proves nothing but is a hint. */
  within(ms: number): Promise<ServerEvent | undefined>;
  leave(): void;
};

/** As a test reads it: what it expects is there, or it fails. */
export type Spoken = {
  readonly id: number;
  readonly method: string;
  readonly params: {
    readonly uri: string;
    readonly progress: number;
    readonly total: number;
    readonly progressToken: string;
    readonly message: string;
    readonly notifications: { readonly resourceSubscriptions: readonly string[] };
    readonly _meta: Readonly<Record<string, unknown>>;
  };
  readonly result: Readonly<Record<string, unknown>> & {
    readonly structuredContent: Readonly<Record<string, unknown>>;
  };
  readonly error: { readonly code: number; readonly message: string };
};

/** Reads an event stream as it comes. */
export async function readEvents(url: URL, init: RequestInit): Promise<EventReader> {
  const leaving = new AbortController();
  const response = await fetch(url, { ...init, signal: leaving.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";

  async function next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const event = parsed(block);
        if (event !== undefined) return event;
        continue;
      }
      const read = await reader?.read();
      if (read === undefined || read.done) return undefined;
      text += read.value;
    }
  }

  let asked: Promise<ServerEvent | undefined> | undefined;
  const once = async (): Promise<ServerEvent | undefined> => {
    asked ??= next();
    const event = await asked;
    asked = undefined;
    return event;
  };

  return {
    status: response.status,
    headers: response.headers,
    next: once,
    async message() {
      const event = await once();
      if (event === undefined) throw new Error("the stream ended");
      return JSON.parse(event.data) as Spoken;
    },
    within: (ms) => Promise.race([once(), sleep(ms, undefined)]),
    leave: () => leaving.abort(),
  };
}

/** A comment is no event. */
function parsed(block: string): ServerEvent | undefined {
  const fields = new Map(
    block
      .split("\n")
      .filter((line) => !line.startsWith(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  const data = fields.get("data");
  return data === undefined
    ? undefined
    : { id: fields.get("id"), event: fields.get("event") ?? "message", data };
}
