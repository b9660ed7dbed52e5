import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { quoted } from "../../../kernel/quoted.ts";
import { bucket, bucketsMax, PlaceName, requirePlace } from "../../../registry/environment.ts";
import { change } from "../../../registry/operation.ts";
import { seeingToken } from "../credentials/seeing-token.ts";
import { placesHint, refuseConfined } from "../refuse-confined.ts";

export const createBucket = change({
  name: "create_bucket",
  title: "Create a bucket",
  does: "Creates a bucket in an environment, for one application or part of the traffic.",
  verb: "POST",
  path: "/buckets",
  scope: "environments:write",
  destructive: false,
  undoNone: null,
  input: z.object({ environment: PlaceName.default("production"), name: PlaceName }),
  output: z.object({ id: z.string(), environment: z.string(), name: z.string(), version: z.int() }),
  async run({ environment, name }, context) {
    const { unit } = context;
    refuseConfined(context.principal, placesHint);
    await requirePlace(unit, { environment });
    if ((await unit.byKey(bucket, "name", `${environment}/${name}`)) !== undefined)
      throw new Failure("conflict", `There is a bucket "${name}" in ${environment} already.`, {
        pointer: "/name",
      });
    const token = await seeingToken(context, { environment, name });
    if (token !== undefined)
      throw new Failure(
        "conflict",
        `The MCP token ${quoted(token.value.name)} (${token.id}) was made for an earlier bucket "${name}", and would see this one.`,
        { pointer: "/name", hint: "Revoke the token first, or choose another name." },
      );
    unit.limit(bucket, bucketsMax);
    const { id, version } = unit.create(bucket, { environment, name });
    return { id, environment, name, version };
  },
});
