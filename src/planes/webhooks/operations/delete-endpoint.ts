import { z } from "zod";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { endpoint } from "../endpoint.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";

export const deleteEndpoint = change({
  name: "delete_endpoint",
  title: "Delete an endpoint",
  does: "Deletes an endpoint: its address answers 404 at once and open deliveries are cancelled, its log rows stay until their retention ends. undo_change brings it back for 7 days, then it is purged.",
  verb: "DELETE",
  path: "/endpoints/:endpointId",
  scope: "endpoints:delete",
  destructive: true,
  undoNone: null,
  input: z.object({ endpointId, expectedVersion }),
  output: z.object({ id: z.string(), slug: z.string(), deleted: z.literal(true) }),
  async run({ endpointId: id, expectedVersion: expected }, context) {
    const row = await endpointOf(context, id);
    refuseOtherVersion(row, expected, "endpoint");
    context.unit.remove(endpoint, row);
    return { id: row.id, slug: row.value.slug, deleted: true as const };
  },
});
