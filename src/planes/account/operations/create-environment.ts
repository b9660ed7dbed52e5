import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import {
  bucket,
  environment,
  environmentsMax,
  firstBucket,
  PlaceName,
} from "../../../registry/environment.ts";
import { change } from "../../../registry/operation.ts";
import { placesHint, refuseConfined } from "../refuse-confined.ts";

export const createEnvironment = change({
  name: "create_environment",
  title: "Create an environment",
  does: "Creates an environment with a bucket `default` in it.",
  verb: "POST",
  path: "/environments",
  scope: "environments:write",
  destructive: false,
  undoNone: null,
  input: z.object({ name: PlaceName.describe("Such as `production`: lowercase letters, digits, - and _.") }),
  output: z.object({ id: z.string(), name: z.string(), version: z.int() }),
  async run({ name }, { unit, principal }) {
    refuseConfined(principal, placesHint);
    if ((await unit.byKey(environment, "name", name)) !== undefined)
      throw new Failure("conflict", `There is an environment "${name}" already.`, { pointer: "/name" });
    unit.limit(environment, environmentsMax);
    const { id, version } = unit.create(environment, { name });
    unit.create(bucket, { environment: name, name: firstBucket });
    return { id, name, version };
  },
});
