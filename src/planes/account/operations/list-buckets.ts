import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { bucket, bucketsMax, PlaceName, requirePlace } from "../../../registry/environment.ts";
import { inOrder, nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";

const Key = z.object({ environment: z.string().max(50), name: z.string().max(50) });

export const listBuckets = read({
  name: "list_buckets",
  title: "List buckets",
  does: "Lists the buckets that this credential may see, of one environment or of all.",
  verb: "GET",
  path: "/buckets",
  scope: "environments:read",
  rows: "buckets",
  input: z.object({ environment: PlaceName.optional(), ...pageInput }),
  output: z.object({
    buckets: z.array(
      z.object({ id: z.string(), environment: z.string(), name: z.string(), version: z.int() }),
    ),
    nextCursor,
  }),
  async run({ environment, ...asked }, { unit, principal }) {
    const { environment: own, buckets: visible } = principal.confines;
    if (own !== undefined && environment !== undefined && environment !== own)
      throw new Failure("forbidden", `This credential is confined to the environment ${own}.`, {
        pointer: "/environment",
        allowed: [own],
        hint: "Leave environment out, or use a credential of that environment.",
      });
    const within = own ?? environment;
    if (within !== undefined) await requirePlace(unit, { environment: within });
    const where = within === undefined ? {} : { within };
    const all = await unit.find(bucket, { limit: bucketsMax, where });
    const views = all
      .filter(({ value }) => visible === undefined || visible.includes(value.name))
      .map(({ id, value, version }) => ({ id, ...value, version }));
    const keyOf = (row: z.output<typeof Key>): z.output<typeof Key> => ({
      environment: row.environment,
      name: row.name,
    });
    const page = await pageOf(asked, inOrder(views, { key: Key, keyOf }), (rows) => rows);
    return { buckets: page.rows, nextCursor: page.nextCursor };
  },
});
