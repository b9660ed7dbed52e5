import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { bucket, bucketsMax, environment } from "../../../registry/environment.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { placesHint, refuseConfined } from "../refuse-confined.ts";
import { refuseUsed } from "../used-place.ts";

export const deleteEnvironment = change({
  name: "delete_environment",
  title: "Delete an environment",
  does: "Deletes an environment and its buckets, when nothing uses them any more. Traffic that was recorded in it stays.",
  verb: "DELETE",
  path: "/environments/:environmentId",
  scope: "environments:write",
  destructive: true,
  undoNone: null,
  input: z.object({ environmentId: z.string().max(100), expectedVersion }),
  output: z.object({ id: z.string(), name: z.string() }),
  async run({ environmentId, expectedVersion: expected }, context) {
    const { unit } = context;
    refuseConfined(context.principal, placesHint);
    const row = await unit.get(environment, environmentId);
    if (row === undefined)
      throw new Failure("not_found", "No such environment.", {
        pointer: "/environmentId",
        hint: "list_environments shows the ids; they begin with env_.",
      });
    refuseOtherVersion(row, expected, "environment");
    const { name } = row.value;
    await refuseUsed(context, name, { environment: name });
    for (const it of await unit.find(bucket, { limit: bucketsMax, where: { within: name } }))
      unit.remove(bucket, it);
    unit.remove(environment, row);
    return { id: row.id, name };
  },
});
