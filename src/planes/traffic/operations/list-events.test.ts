import { scenarios, type Prepare } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
import { createEvent } from "./create-event.ts";
import { listEvents } from "./list-events.ts";

async function given(call: Prepare): Promise<Output> {
  const at = (hour: string) => `2026-11-20T${hour}:00:00Z`;
  await call(createEvent, { type: "deployment", name: "1.0", startedAt: at("08") });
  await call(createEvent, { type: "incident", name: "down", startedAt: at("07"), endedAt: at("10") });
  await call(createEvent, { type: "deployment", name: "1.1", startedAt: at("11"), environment: "staging" });
  return {};
}

scenarios(listEvents, [
  {
    name: "lists all of them",
    scopes: ["traffic:read"],
    given,
    input: {},
    gives: { nextCursor: null },
    leaves: {},
  },
  {
    name: "by type",
    scopes: ["traffic:read"],
    given,
    input: { type: "incident" },
    gives: { events: [{ type: "incident", untrusted: { name: "down" } }] },
    leaves: {},
  },
  {
    name: "what was under way in a window",
    scopes: ["traffic:read"],
    given,
    input: { since: "2026-11-20T09:00:00Z", until: "2026-11-20T09:30:00Z" },
    gives: { events: [{ untrusted: { name: "down" } }] },
    leaves: {},
  },
  {
    name: "those of an environment, and of all environments",
    scopes: ["traffic:read"],
    given,
    input: { environment: "staging", type: "deployment" },
    leaves: {},
  },
]);
