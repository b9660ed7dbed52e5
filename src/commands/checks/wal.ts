import { numberOf, textOf, type Row } from "../../engines/stored/row.ts";
import { Failure } from "../../kernel/failure.ts";
import { ok, problem, warning, type Finding } from "../check.ts";
import { databaseCheck, type DatabaseLook } from "../database-check.ts";
import { sizeText } from "../contents.ts";

const keptBytesMax = 1024 ** 3;
/** A server keeps about max_wal_size when nothing holds it back. */
const rounds = 3;
const held = `select slot_name as name, active, coalesce(pg_wal_lsn_diff(
    case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn), 0) as bytes
  from pg_replication_slots where restart_lsn is not null order by 3 desc limit 10`;
const archiving = `select failed_count as count, last_failed_wal as segment,
    extract(epoch from now() - last_failed_time) as ago
  from pg_stat_archiver
  where current_setting('archive_mode') <> 'off' and last_failed_time > coalesce(last_archived_time, '-infinity')`;
const folder = `select (select sum(size) from pg_ls_waldir()) as bytes,
  pg_size_bytes(current_setting('max_wal_size')) as usual, quote_ident(current_user) as role`;

export const wal = databaseCheck("wal", [], async (reached, subject) => {
  const slots = (await reached.query(held)).flatMap(slotFinding);
  const archive = (await reached.query(archiving)).map((row) =>
    problem(
      `Archiving fails (${numberOf(row, "count")} times, last ${textOf(row, "segment")} ${Math.round(numberOf(row, "ago"))} s ago), so all of the log is kept.`,
      "Look at PostgreSQL's log and mend archive_command, or its disk fills up.",
    ),
  );
  const rest = await wholeLog(reached, subject);
  const told = [...slots, ...archive];
  return told.length === 0 ? rest : [...told, ...rest.filter(({ state }) => state !== "ok")];
});

function slotFinding(row: Row): readonly Finding[] {
  const [name, bytes] = [textOf(row, "name"), numberOf(row, "bytes")];
  const isActive = numberOf(row, "active") === 1;
  if (isActive && bytes <= keptBytesMax) return [];
  const saw = `The replication slot ${name} is ${isActive ? "far behind" : "used by nobody"} and keeps ${sizeText(bytes)} of log.`;
  const todo = isActive
    ? "Look at the replica that reads it, or its disk fills up."
    : `Bring its replica back, or: select pg_drop_replication_slot('${name}');`;
  return [bytes > keptBytesMax ? problem(saw, todo) : warning(saw, todo)];
}

const wholeLog: DatabaseLook = async ({ query }) => {
  try {
    const [row = {}] = await query(folder);
    const [bytes, usual] = [numberOf(row, "bytes"), numberOf(row, "usual")];
    const saw = `The write-ahead log has ${sizeText(bytes)}`;
    if (bytes <= Math.max(rounds * usual, keptBytesMax))
      return [ok(`${saw}, max_wal_size is ${sizeText(usual)}; nothing holds it back.`)];
    return [
      warning(
        `${saw}, max_wal_size is ${sizeText(usual)}.`,
        "Look at replication slots, wal_keep_size and archiving.",
      ),
    ];
  } catch (error) {
    if (!(error instanceof Failure && error.kind === "forbidden")) throw error;
    const [row = {}] = await query("select quote_ident(current_user) as role");
    return [
      warning(
        "How large the log is was not checked: the role may not see it.",
        `Grant it: grant pg_monitor to ${textOf(row, "role")};`,
      ),
    ];
  }
};
