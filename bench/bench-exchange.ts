import type { NewExchange } from "../src/kernel/exchange.ts";
import { wallClock } from "../src/kernel/clock.ts";
import { newExchangeId } from "../src/kernel/id.ts";

/** A webhook that was accepted just now, without content. */
export function benchExchange(change: Partial<NewExchange>): NewExchange {
  const at = wallClock.now();
  return {
    id: newExchangeId(at),
    workspace: "ws_0123456789abcdef012345",
    environment: "production",
    bucket: "default",
    plane: "webhooks",
    kind: "event",
    subject: "ep_0000000000000000000000",
    parent: null,
    trace: null,
    startedAt: at,
    durationMs: 0,
    method: "POST",
    host: "hooks.example",
    path: "/in/stripe",
    route: "/in/:slug",
    status: 200,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: null,
    receivedAt: at,
    facts: {},
    request: { headers: [], body: null },
    response: null,
    ...change,
  };
}
