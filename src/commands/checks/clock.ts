import { Failure } from "../../kernel/failure.ts";
import { numberOf } from "../../engines/stored/row.ts";
import { ok, problem, warning, type Check, type Finding, type Subject } from "../check.ts";

const tolerableMs = 10_000;
/** Signed requests carry their time, and most schemes allow five minutes. */
const brokenMs = 300_000;
const todo = "Set the clock by NTP: signatures carry their time, and deliveries are due by it.";

const newest: readonly (readonly [file: string, sql: string])[] = [
  ["traffic.db", "select max(started_at, received_at) as at from exchange order by seq desc limit 1"],
  ["store.db", "select max(updated_at) as at from record"],
];

export const clock: Check = {
  name: "clock",
  async look(subject) {
    const [server, database] = [await aheadOfServer(subject), await aheadOfDatabase(subject)];
    const told = [
      ...aheadOfNow(subject),
      ...apart("This clock and the server's", server),
      ...apart("This clock and the database's", database),
      ...apart(
        "The clocks of the server and the database",
        server === undefined || database === undefined ? undefined : server - database,
      ),
    ];
    const beside = database === undefined ? "not behind what was stored" : "with the database's";
    return told.length > 0 ? told : [ok(`${new Date(subject.clock.now()).toISOString()}, ${beside}.`)];
  },
};

/** A row from the future means that the clock was set back. */
function aheadOfNow({ inside, clock: { now } }: Subject): readonly Finding[] {
  return newest.flatMap(([name, sql]) => {
    const at = Number(inside(name, (file) => file.select(sql)[0]?.["at"] ?? 0) ?? 0);
    return judged(at - now(), (text) => `This clock is ${text} behind the newest row of ${name}.`);
  });
}

async function aheadOfServer({ health }: Subject): Promise<number | undefined> {
  const heard = await health();
  const date = Date.parse(String(heard?.headers["date"] ?? ""));
  return heard === undefined || Number.isNaN(date) ? undefined : heard.heardAt - date;
}

async function aheadOfDatabase({ database, clock: { now } }: Subject): Promise<number | undefined> {
  const reached = await database();
  if (reached === undefined || reached instanceof Failure) return undefined;
  const askedAt = now();
  const [row = {}] = await reached.query("select extract(epoch from clock_timestamp()) * 1000 as at");
  return (askedAt + now()) / 2 - numberOf(row, "at");
}

function apart(clocks: string, differenceMs: number | undefined): readonly Finding[] {
  return judged(Math.abs(differenceMs ?? 0), (text) => `${clocks} are ${text} apart.`);
}

function judged(differenceMs: number, saw: (text: string) => string): readonly Finding[] {
  if (differenceMs <= tolerableMs) return [];
  const said = saw(`${Math.round(differenceMs / 1_000)} s`);
  return [differenceMs > brokenMs ? problem(said, todo) : warning(said, todo)];
}
