import { partitionDays } from "../../engines/postgres/partitions.ts";
import { ok, warning } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

const dayMs = 86_400_000;

export const partitions = databaseCheck("partitions", ["exchange"], async (reached, { clock }) => {
  const days = new Set(await partitionDays(reached));
  const today = Math.floor(clock.now() / dayMs);
  const missing = [today, today + 1].filter((day) => !days.has(day)).map(dateOf);
  if (missing.length === 0) return [ok(`${days.size} days, today and tomorrow among them.`)];
  return [
    warning(
      `There is no partition for ${missing.join(" and ")}.`,
      "Nodes make them ahead, and the first webhook of a day waits for one that is missing: see that a node runs, and that its clock and `rights` are well.",
    ),
  ];
});

function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}
