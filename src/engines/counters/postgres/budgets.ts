import type { Clock } from "../../../kernel/clock.ts";
import type { Database, Query } from "../../postgres/database.ts";
import { budgetKeptMs, settleGraceMs, type Counters } from "../counters.ts";
import { decide, known, standing } from "../decision.ts";

/** More than one write adds, so what is over never piles up. */
const forgottenPerWrite = 4;

const stand = `select
  coalesce((select used from budget where key = $1), 0) as used,
  coalesce((select sum(amount) from reservation where key = $1 and settled = 0 and expires_at > $2), 0) as reserved`;
/** Whoever has done this holds the budget until its transaction ends: the others wait, and see what it did. */
const hold = `insert into budget (key, used, touched_at) values ($1, $2, $3)
  on conflict (key) do update set used = budget.used + excluded.used, touched_at = excluded.touched_at`;
const find = "select settled, expires_at from reservation where key = $1 and id = $2";
const put = `insert into reservation (key, id, amount, expires_at, settled) values ($1, $2, $3, $4, 0)
  on conflict (key, id) do update set amount = excluded.amount, expires_at = excluded.expires_at, settled = 0`;
const end = "update reservation set settled = 1 where key = $1 and id = $2 and settled = 0 returning 1";
const forgetReservations = `delete from reservation where (key, id) in
  (select key, id from reservation where expires_at <= $1
  order by expires_at limit ${forgottenPerWrite} for update skip locked)`;
const forgetBudgets = `delete from budget where key in
  (select key from budget where touched_at <= $1
  order by touched_at limit ${forgottenPerWrite} for update skip locked)`;

/** Budgets of all nodes together: a reservation holds its budget's row, so none is decided on what another takes. */
export function sharedBudgets(
  database: Database,
  clock: Clock,
): Pick<Counters, "reserve" | "settle" | "read"> {
  const read = async (within: Query, key: string) =>
    standing.parse((await within.query(stand, [key, clock.now()]))[0]);
  return {
    reserve: (key, { id, amount, limit, expiresAt }) =>
      database.transaction(async (within) => {
        const now = clock.now();
        await within.query(hold, [key, 0, now]);
        const earlier = known.parse((await within.query(find, [key, id]))[0]);
        const { answer, takes } = decide({ amount, limit, now, standing: await read(within, key), earlier });
        if (takes) await within.query(put, [key, id, amount, expiresAt]);
        await forget(within, now);
        return answer;
      }),
    settle: (key, id, used) =>
      database.transaction(async (within) => {
        const now = clock.now();
        await within.query(hold, [key, 0, now]);
        if ((await within.query(end, [key, id])).length > 0) await within.query(hold, [key, used, now]);
        await forget(within, now);
      }),
    read: (key) => read(database, key),
  };
}

/** Removes some of what is over. Last, and passing by what others are at, so that who holds a budget waits for nobody. */
async function forget(within: Query, now: number): Promise<void> {
  await within.query(forgetReservations, [now - settleGraceMs]);
  await within.query(forgetBudgets, [now - budgetKeptMs]);
}
