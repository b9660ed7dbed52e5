import { defaultLimits } from "../src/engines/inbound/inbound.ts";
import { listen } from "../src/engines/inbound/node-http.ts";
import { wallClock } from "../src/kernel/clock.ts";
import { createApiKey } from "../src/planes/account/operations/create-api-key.ts";
import { callRate, rateLimited } from "../src/registry/call-rate.ts";
import { invoke } from "../src/registry/invoke.ts";
import { read, type Operation } from "../src/registry/operation.ts";
import { mcpRoutes } from "../src/surfaces/mcp/mcp-routes.ts";
import { authenticatorOf, callerOf, openWorld, principalOf } from "../test/world.ts";
import { does, Input, Output, toolCount, toolName } from "./mcp-adding.ts";

/** Calls are counted, and none is one too many. */
const callsPerMinute = 1_000_000_000;

/** A server that is measured: where, and the key that it wants, or "". */
export type Served = { readonly url: string; readonly key: string; close(): Promise<void> };

function tools(): readonly Operation[] {
  return Array.from({ length: toolCount }, (_, i) =>
    read({
      name: toolName(i),
      title: `Tool ${i}`,
      does,
      verb: "GET",
      path: `/tool-${i}`,
      scope: "sums:read",
      input: Input,
      output: Output,
      run: async ({ a, b }) => ({ sum: a + b }),
    }),
  );
}

/** Real engines over files, and the way in that the product has. */
export async function serveProduct(): Promise<Served> {
  const world = await openWorld();
  const engines = { ...world.engines, clock: wallClock };
  const owner = callerOf(principalOf(await world.newWorkspace(), "all"));
  const { secret } = await invoke(createApiKey, { name: "bench" }, owner, engines);
  const rate = callRate(callsPerMinute, engines);
  const routes = mcpRoutes({
    operations: tools(),
    documents: [],
    prompts: [],
    toolsets: { names: ["webhooks"], of: () => "webhooks", everyView: new Set() },
    engines,
    authenticate: rateLimited(await authenticatorOf(engines), rate, engines),
    enabled: true,
    serverInfo: { name: "sluice", title: "Sluice", version: "0.0.0" },
  });
  const inbound = await listen({
    host: "127.0.0.1",
    port: 0,
    routes,
    app: null,
    limits: defaultLimits,
    clock: wallClock,
    log: engines.log,
  });
  return {
    url: `${inbound.url}/api/mcp`,
    key: String(secret),
    async close() {
      await inbound.close(0);
      await world.close();
    },
  };
}
