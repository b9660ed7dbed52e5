import type { Suggestions } from "../../registry/plane.ts";
import { listEndpoints } from "./operations/list-endpoints.ts";

/** What names an endpoint: its slug, or its id. */
export const slugs: Suggestions = {
  operation: listEndpoints.name,
  list: "endpoints",
  members: ["slug", "id"],
};
