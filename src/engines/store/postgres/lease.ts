import type { Node } from "../../postgres/node.ts";
import type { Store } from "../store.ts";

const take = `insert into lease (name, holder, until)
  values ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
  on conflict (name) do update set holder = excluded.holder, until = excluded.until
  where lease.holder = excluded.holder or lease.until <= clock_timestamp() returning 1`;

export type Leases = { readonly lease: Store["lease"]; giveUp(): Promise<void> };

/** One row a name, with who holds it until when. */
export function leases({ id, database }: Pick<Node, "id" | "database">): Leases {
  return {
    lease: async (name, forMs) => (await database.query(take, [name, id, forMs])).length > 0,
    async giveUp() {
      // What cannot be given up lapses.
      await database.query("delete from lease where holder = $1", [id]).catch(() => {});
    },
  };
}
