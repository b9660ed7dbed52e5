import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Outbound, OutboundRequest, Outcome } from "./outbound.ts";
import type { OwnListeners } from "./own-listeners.ts";

/** What the engine under test is opened with: the operator's ranges, our listeners, a name service, an authority. */
export type World = {
  readonly allow: string;
  readonly own: OwnListeners;
  readonly lookup: (name: string) => Promise<readonly string[]>;
  readonly ca?: string;
};

/** Opens the engine for one test, which closes it afterwards. */
export type OpenOutbound = (t: TestContext, world?: Partial<World>) => Outbound;

/** A small POST with room for a small answer. */
export function post(url: string, more: Partial<OutboundRequest> = {}): OutboundRequest {
  const body = Buffer.from('{"fake":true}');
  return { method: "POST", url, headers: [], body, timeoutMs: 20_000, readMax: 1024, ...more };
}

/** The outcome, asserted to be an answer. */
export function answered(outcome: Outcome): Extract<Outcome, { kind: "answered" }> {
  assert.equal(outcome.kind, "answered", JSON.stringify(outcome));
  return outcome;
}

/** Why the outcome, asserted to be unreachable, is so. */
export function unreachableReason(outcome: Outcome): string {
  assert.equal(outcome.kind, "unreachable", JSON.stringify(outcome));
  return outcome.reason;
}
