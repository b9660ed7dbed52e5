import assert from "node:assert/strict";
import { after, test } from "node:test";
import { federationConformance } from "../../src/engines/federation/conformance.ts";
import { openidFederation } from "../../src/engines/federation/openid.ts";
import { parseCidrs } from "../../src/engines/outbound/address.ts";
import { ownListeners } from "../../src/engines/outbound/own-listeners.ts";
import { undiciOutbound } from "../../src/engines/outbound/undici.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { Secret } from "../../src/kernel/secret.ts";

const own = ownListeners();
const outbound = undiciOutbound({ allow: parseCidrs("127.0.0.0/8"), own, clock: wallClock });
const guarded = undiciOutbound({ allow: [], own, clock: wallClock });
after(() => Promise.all([outbound.close(), guarded.close()]));

federationConformance("openid-client", ({ clientSecret, redirectUri, ...options }) =>
  openidFederation({
    ...options,
    clientSecret: new Secret(clientSecret),
    redirectUri: () => redirectUri,
    send: outbound.send,
  }),
);

test("a provider at a private address is reached only where SLUICE_OUTBOUND_ALLOW says so, and the log names it", async () => {
  const log: string[] = [];
  const federation = openidFederation({
    issuer: "https://127.0.0.1:9",
    clientId: "sluice",
    clientSecret: new Secret("EXAMPLE"),
    redirectUri: () => "http://127.0.0.1:1/callback",
    send: guarded.send,
    clock: wallClock,
    log: (line) => void log.push(line),
  });
  await assert.rejects(federation.depart(), { kind: "unavailable" });
  assert.match(log.join("\n"), /SLUICE_OUTBOUND_ALLOW/);
});
