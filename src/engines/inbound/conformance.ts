import { connectionConformance } from "./connection-conformance.ts";
import type { OpenInbound } from "./conformance-world.ts";
import { limitConformance } from "./limit-conformance.ts";
import { streamConformance } from "./stream-conformance.ts";
import { requestConformance } from "./request-conformance.ts";

/** Every promise of `Inbound`, its routes, its requests and its limits. */
export function inboundConformance(name: string, open: OpenInbound): void {
  requestConformance(name, open);
  limitConformance(name, open);
  connectionConformance(name, open);
  streamConformance(name, open);
}
