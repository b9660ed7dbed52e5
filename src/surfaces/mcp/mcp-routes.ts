import type { RawRoute } from "../../engines/inbound/inbound.ts";
import { sharedBy, statelessRoute, type McpMount } from "./mcp-route.ts";
import { houseOf } from "./session/house.ts";
import { sessionRoute } from "./session/session-route.ts";
import { sseRoutes } from "./session/sse-route.ts";

/** Every address that MCP is spoken at. */
export function mcpRoutes(mount: McpMount): readonly RawRoute[] {
  const shared = sharedBy(mount);
  const house = houseOf(shared, mount);
  return [statelessRoute(shared), sessionRoute(house), ...sseRoutes(house)];
}
