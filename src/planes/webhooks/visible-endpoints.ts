import type { Context } from "../../registry/context.ts";
import { endpoint, type EndpointRow } from "./endpoint.ts";

const endpointsMax = 1_000;

/** The live endpoints that the principal may see, newest first, at most 1,000. */
export async function visibleEndpoints({
  unit,
  principal,
}: Pick<Context, "unit" | "principal">): Promise<readonly EndpointRow[]> {
  const { environment, buckets } = principal.confines;
  const rows = await unit.find(endpoint, {
    limit: endpointsMax,
    ...(environment !== undefined && { where: { environment } }),
  });
  return rows.filter(({ value }) => buckets === undefined || buckets.includes(value.bucket));
}
