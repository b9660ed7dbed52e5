import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { quoted } from "../../../kernel/quoted.ts";
import { bucket } from "../../../registry/environment.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { seeingToken } from "../credentials/seeing-token.ts";
import { placesHint, refuseConfined } from "../refuse-confined.ts";
import { refuseUsed } from "../used-place.ts";

export const deleteBucket = change({
  name: "delete_bucket",
  title: "Delete a bucket",
  does: "Deletes a bucket when nothing uses it any more. Traffic that was recorded in it stays.",
  verb: "DELETE",
  path: "/buckets/:bucketId",
  scope: "environments:write",
  destructive: true,
  undoNone: null,
  input: z.object({ bucketId: z.string().max(100), expectedVersion }),
  output: z.object({ id: z.string(), environment: z.string(), name: z.string() }),
  async run({ bucketId, expectedVersion: expected }, context) {
    const { unit } = context;
    refuseConfined(context.principal, placesHint);
    const row = await unit.get(bucket, bucketId);
    if (row === undefined)
      throw new Failure("not_found", "No such bucket.", {
        pointer: "/bucketId",
        hint: "list_buckets shows the ids; they begin with bkt_.",
      });
    refuseOtherVersion(row, expected, "bucket");
    const { environment, name } = row.value;
    await refuseUsed(context, name, { environment, bucket: name });
    const token = await seeingToken(context, row.value);
    if (token !== undefined)
      throw new Failure(
        "conflict",
        `"${name}" is still seen by the MCP token ${quoted(token.value.name)} (${token.id}), which would see a bucket that is made later under the same name.`,
        { hint: "Revoke the token first: revoke_credential." },
      );
    unit.remove(bucket, row);
    return { id: row.id, environment, name };
  },
});
