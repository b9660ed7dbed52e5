import { members, silentMs, type Member } from "../../engines/postgres/membership.ts";
import { ok, warning, type Finding } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

export const nodes = databaseCheck("nodes", ["node"], async (reached) => {
  const all = await members(reached);
  const [silent, alive] = [all.filter(isSilent), all.filter((member) => !isSilent(member))];
  const versions = [...new Set(alive.map(({ version }) => version))];
  const told: Finding[] = silent.map(({ id, host, silentMs: ms }) =>
    warning(
      `Node ${id} on ${host} was last seen ${Math.round(ms / 1_000)} s ago.`,
      "It was killed or is cut off. Others take over its work, and it leaves the list after an hour; start it again if it is missed.",
    ),
  );
  if (versions.length > 1)
    told.push(
      warning(
        `${alive.length} nodes of several versions work on it: ${versions.join(", ")}.`,
        "Finish the upgrade: replace the older ones, one after another.",
      ),
    );
  if (told.length > 0) return told;
  if (alive.length === 0) return [ok("No node works on it.")];
  return [
    ok(
      `${alive.length} ${alive.length === 1 ? "node works" : "nodes work"} on it, Sluice ${versions.join()}.`,
    ),
  ];
});

function isSilent(member: Member): boolean {
  return member.silentMs > silentMs;
}
