import { readFileSync } from "node:fs";
import { wallClock } from "../../src/kernel/clock.ts";
import { parseCidrs } from "../../src/engines/outbound/address.ts";
import { outboundConformance } from "../../src/engines/outbound/conformance.ts";
import { undiciOutbound } from "../../src/engines/outbound/undici.ts";

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), "utf8");
}

outboundConformance(
  "undici",
  ({ allow, ...world }) => undiciOutbound({ ...world, allow: parseCidrs(allow), clock: wallClock }),
  { key: fixture("not-a-secret.key.pem"), cert: fixture("server.pem"), ca: fixture("ca.pem") },
);
