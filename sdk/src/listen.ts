import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Recipient } from "./recipient.ts";

/** A method, so that a listener may say what its channel publishes: nothing types that. */
type Listener = { hear(message: unknown): void }["hear"];

/** Subscribes to channels. What a listener throws is counted and goes no further. @returns what ends it */
export function listen(recipient: Recipient, listeners: Readonly<Record<string, Listener>>): () => void {
  const guarded = Object.entries(listeners).map(([channel, listener]): readonly [string, Listener] => [
    channel,
    (message) => {
      try {
        listener(message);
      } catch {
        recipient.fault();
      }
    },
  ]);
  for (const [channel, listener] of guarded) subscribe(channel, listener);
  return () => {
    for (const [channel, listener] of guarded) unsubscribe(channel, listener);
  };
}
