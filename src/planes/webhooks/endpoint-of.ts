import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { mayReach } from "../../kernel/principal.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { Context } from "../../registry/context.ts";
import { endpoint, type EndpointRow } from "./endpoint.ts";

export const endpointId = z.string().min(1).max(100).describe("Its id (`ep_…`) or slug.");

/** The endpoint an id or slug names, within what the principal is confined to. @throws Failure not_found */
export async function endpointOf(context: Context, idOrSlug: string): Promise<EndpointRow> {
  const { unit, principal } = context;
  const row = idOrSlug.startsWith("ep_")
    ? await unit.get(endpoint, idOrSlug)
    : await unit.byKey(endpoint, "slug", idOrSlug);
  if (row !== undefined && mayReach(principal, row.value)) return row;
  throw new Failure("not_found", `No endpoint ${quoted(idOrSlug)}.`, {
    pointer: "/endpointId",
    hint: "list_endpoints shows the ids and slugs; undo_change brings a deleted endpoint back.",
  });
}
