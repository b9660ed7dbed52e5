import type { Clock } from "../../../kernel/clock.ts";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import type { Counters } from "../counters.ts";
import { budgetKeptMs, settleGraceMs } from "../counters.ts";
import { decide, known, standing } from "../decision.ts";

const first = `
create table budget (
  key text primary key,
  used integer not null,
  touched_at integer not null
) strict, without rowid;
create index budget_touched on budget (touched_at);

-- A settled reservation stays for a while, so that its id cannot be settled twice.
create table reservation (
  key text not null,
  id text not null,
  amount integer not null,
  expires_at integer not null,
  settled integer not null,
  primary key (key, id)
) strict, without rowid;
create index reservation_open on reservation (key, expires_at, amount) where settled = 0;
create index reservation_expiry on reservation (expires_at);
`;

/** Forward only: entry n brings a file from `user_version` n to n + 1. Never edit one that was released. */
export const budgetMigrations: readonly string[] = [first];

/** More than one write adds, so what is over never piles up. */
const forgottenPerWrite = 4;

/** Budgets in one SQLite file, used from the calling thread. */
export function sqliteBudgets(
  file: DatabaseFile,
  clock: Clock,
): Pick<Counters, "reserve" | "settle" | "read"> {
  const { sql } = file;
  const select = sql.prepare(`select
    coalesce((select used from budget where key = ?1), 0) as used,
    coalesce((select sum(amount) from reservation where key = ?1 and settled = 0 and expires_at > ?2), 0) as reserved`);
  const find = sql.prepare("select settled, expires_at from reservation where key = ? and id = ?");
  const put = sql.prepare("insert or replace into reservation values (?, ?, ?, ?, 0)");
  const close = sql.prepare("update reservation set settled = 1 where key = ? and id = ? and settled = 0");
  const use = sql.prepare(`insert into budget (key, used, touched_at) values (?, ?, ?)
    on conflict do update set used = used + excluded.used, touched_at = excluded.touched_at`);
  const forget = forgetter(file, clock);
  const stand = (key: string) => standing.parse(select.get(key, clock.now()));
  return {
    reserve: async (key, { id, amount, limit, expiresAt }) =>
      file.write(() => {
        forget();
        const now = clock.now();
        const earlier = known.parse(find.get(key, id));
        const { answer, takes } = decide({ amount, limit, now, standing: stand(key), earlier });
        if (takes) {
          put.run(key, id, amount, expiresAt);
          use.run(key, 0, now);
        }
        return answer;
      }),
    settle: async (key, id, used) =>
      file.write(() => {
        forget();
        if (close.run(key, id).changes === 1) use.run(key, used, clock.now());
      }),
    read: async (key) => file.read(() => stand(key)),
  };
}

/** Removes some of what is over, within a transaction. */
function forgetter({ sql }: DatabaseFile, clock: Clock): () => void {
  const oldReservations = sql.prepare(`delete from reservation where (key, id) in
    (select key, id from reservation where expires_at <= ? order by expires_at limit ${forgottenPerWrite})`);
  const oldBudgets = sql.prepare(`delete from budget where key in
    (select key from budget where touched_at <= ? order by touched_at limit ${forgottenPerWrite})`);
  return () => {
    const now = clock.now();
    oldReservations.run(now - settleGraceMs);
    oldBudgets.run(now - budgetKeptMs);
  };
}
