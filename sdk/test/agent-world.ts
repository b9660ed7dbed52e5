import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { TestContext } from "node:test";
import type { CaptureSettings } from "../../capture/wire.ts";
import { capture, type Capture, type CaptureOptions } from "../src/capture.ts";
import { listening } from "./frameworks/application.ts";
import { exampleKey, exampleSettings, receiver, type Receiver } from "./receiver.ts";

export type World = { readonly sink: Receiver; readonly agent: Capture; readonly url: string };

type Given = {
  readonly handler: RequestListener;
  readonly settings?: Partial<CaptureSettings>;
  readonly options?: CaptureOptions;
  /** Before the agent begins. */
  readonly prepare?: (sink: Receiver) => void;
};

/** A server under capture, and where its records go; all of it ends with the test. */
export async function world(t: TestContext, { handler, settings, options, prepare }: Given): Promise<World> {
  const sink = await receiver();
  sink.settings = { ...exampleSettings, ...settings };
  prepare?.(sink);
  const app = await listening(createServer(handler));
  const agent = capture({ url: sink.url, key: exampleKey, ...options });
  t.after(async () => {
    await agent.stop();
    await app.close();
    await sink.close();
  });
  // The settings have been asked for once a flush is answered.
  await agent.flush();
  return { sink, agent, url: app.url };
}

/** What is waited for comes long before. */
const looksMax = 6_000;
const lookEveryMs = 10;

/** Repeats what it is given until it holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < looksMax; looks++) {
    if (await holds()) return;
    await new Promise((later) => setTimeout(later, lookEveryMs));
  }
  assert.fail("it never came to hold");
}
