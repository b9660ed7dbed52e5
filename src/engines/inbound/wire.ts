import assert from "node:assert/strict";
import { connect } from "node:net";
import type { TestContext } from "node:test";

/** One answer as it came over the wire. */
export type WireAnswer = {
  readonly status: number;
  /** Names in lowercase. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A client that writes bytes as a test says, for conformance tests. */
export type Wire = {
  /** False when the connection is closed. */
  send(text: string | Uint8Array): boolean;
  /** The next whole answer; rejects when the connection closes before it. */
  answer(method?: string): Promise<WireAnswer>;
  /** Resolves once what was not asked for yet matches; rejects when the connection closes before it does. */
  seen(pattern: RegExp): Promise<void>;
  /** Resolves with what was not asked for yet when the connection is closed. */
  closed(): Promise<string>;
  /** Stops reading. */
  pause(): void;
  end(): void;
  reset(): void;
};

export async function wire(t: TestContext, port: number): Promise<Wire> {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  t.after(() => socket.destroy());
  const state = { text: "", over: false };
  const waiting: (() => void)[] = [];
  const wake = () => waiting.splice(0).forEach((resolve) => resolve());
  socket.on("data", (chunk) => {
    state.text += chunk.toString("latin1");
    wake();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    state.over = true;
    wake();
  });
  const changed = () => new Promise<void>((resolve) => waiting.push(resolve));

  return {
    send: (bytes) => !socket.destroyed && (socket.write(bytes), true),
    async answer(method = "GET") {
      for (;;) {
        const found = parsed(state.text, method);
        if (found !== undefined) {
          state.text = state.text.slice(found.length);
          return found.answer;
        }
        assert.ok(!state.over, `closed before an answer came; it had sent ${JSON.stringify(state.text)}`);
        await changed();
      }
    },
    async seen(pattern) {
      while (!pattern.test(state.text)) {
        assert.ok(!state.over, `closed before ${String(pattern)}; it had sent ${JSON.stringify(state.text)}`);
        await changed();
      }
    },
    async closed() {
      while (!state.over) await changed();
      return state.text;
    },
    pause: () => void socket.pause(),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  };
}

function parsed(text: string, method: string): { answer: WireAnswer; length: number } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line = "", ...fields] = text.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  const status = Number(line.split(" ")[1]);
  const bodyless = method === "HEAD" || status < 200 || status === 204 || status === 304;
  const length = end + 4 + (bodyless ? 0 : Number(headers["content-length"] ?? 0));
  if (text.length < length) return undefined;
  return { answer: { status, headers, body: text.slice(end + 4, length) }, length };
}
