import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { bucket, bucketsMax, PlaceName, requirePlace } from "../../../registry/environment.ts";
import { read } from "../../../registry/operation.ts";

export const listBuckets = read({
  name: "list_buckets",
  title: "List buckets",
  does: "Lists the buckets that this credential may see, of one environment or of all.",
  verb: "GET",
  path: "/buckets",
  scope: "environments:read",
  input: z.object({ environment: PlaceName.optional() }),
  output: z.object({
    buckets: z.array(z.object({ id: z.string(), environment: z.string(), name: z.string() })),
  }),
  async run({ environment }, { unit, principal }) {
    const { environment: own, buckets } = principal.confines;
    if (own !== undefined && environment !== undefined && environment !== own)
      throw new Failure("forbidden", `This credential is confined to the environment ${own}.`, {
        pointer: "/environment",
        allowed: [own],
      });
    const within = own ?? environment;
    if (within !== undefined) await requirePlace(unit, { environment: within });
    const where = within === undefined ? {} : { within };
    const rows = await unit.find(bucket, { limit: bucketsMax, where });
    return {
      buckets: rows
        .filter(({ value }) => buckets === undefined || buckets.includes(value.name))
        .map(({ id, value }) => ({ id, ...value }))
        .toSorted((a, b) => (`${a.environment}/${a.name}` < `${b.environment}/${b.name}` ? -1 : 1)),
    };
  },
});
