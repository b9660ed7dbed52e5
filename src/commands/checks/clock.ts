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
    const told = [...aheadOfNow(subject), ...(await besideServer(subject))];
    return told.length > 0
      ? told
      : [ok(`${new Date(subject.clock.now()).toISOString()}, not behind what was stored.`)];
  },
};

/** A row from the future means that the clock was set back. */
function aheadOfNow({ inside, clock: { now } }: Subject): readonly Finding[] {
  return newest.flatMap(([name, sql]) => {
    const at = Number(inside(name, (file) => file.select(sql)[0]?.["at"] ?? 0) ?? 0);
    return judged(at - now(), (text) => `This clock is ${text} behind the newest row of ${name}.`);
  });
}

async function besideServer({ health }: Subject): Promise<readonly Finding[]> {
  const heard = await health();
  const date = Date.parse(String(heard?.headers["date"] ?? ""));
  if (heard === undefined || Number.isNaN(date)) return [];
  return judged(Math.abs(date - heard.heardAt), (text) => `This clock and the server's are ${text} apart.`);
}

function judged(differenceMs: number, saw: (text: string) => string): readonly Finding[] {
  if (differenceMs <= tolerableMs) return [];
  const said = saw(`${Math.round(differenceMs / 1_000)} s`);
  return [differenceMs > brokenMs ? problem(said, todo) : warning(said, todo)];
}
