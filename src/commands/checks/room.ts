import { clusterDisk } from "../../engines/postgres/cluster-disk.ts";
import { textOf } from "../../engines/stored/row.ts";
import { ok, warning } from "../check.ts";
import { sizeText } from "../contents.ts";
import { databaseCheck } from "../database-check.ts";
import { roomFinding } from "../room-finding.ts";
import { storedDays } from "../stored-days.ts";

const todo = "Free space or grow PostgreSQL's disk: while nothing can be written, webhooks are answered 503.";

/** PostgreSQL tells nobody how much room it has: only who is on the same machine can look, and is told where. */
export const room = databaseCheck("room", ["exchange", "block", "record"], async (reached, { clock }) => {
  const disk = await clusterDisk(reached);
  if (disk === "hidden") {
    const [row = {}] = await reached.query("select quote_ident(current_user) as role");
    return [
      warning(
        "The room on PostgreSQL's disk was not checked: the role may not see where it is.",
        `Grant it: grant pg_monitor to ${textOf(row, "role")};`,
      ),
    ];
  }
  const { planned } = await storedDays(reached, clock);
  const needs =
    planned === undefined
      ? ""
      : ` It needs ${sizeText(planned.missingBytes)} more until the ${planned.days} days that are kept are full, at the rate of the last ones.`;
  if (disk === "elsewhere") return [ok(`PostgreSQL's disk is not seen from this machine.${needs}`)];
  const now = roomFinding(disk, todo);
  if (now.state === "problem" || disk.freeBytes >= (planned?.missingBytes ?? 0)) return [now];
  return [
    warning(
      `${now.saw}${needs}`,
      "Grow PostgreSQL's disk, or keep less: `sluice update-workspace` sets the `retentionDays` of a plan.",
    ),
  ];
});
