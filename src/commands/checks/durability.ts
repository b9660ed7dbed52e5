import { textOf } from "../../engines/stored/row.ts";
import { ok, problem, warning, type Finding } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

/** What each setting is for, and what it means that it is off. */
const settings: Readonly<Record<string, (saw: string) => Finding>> = {
  fsync: (saw) =>
    problem(
      `${saw}: a crash of the machine can destroy the whole database.`,
      "Set fsync = on and restart PostgreSQL.",
    ),
  full_page_writes: (saw) =>
    warning(
      `${saw}: a crash of the machine can leave pages half written.`,
      "Set full_page_writes = on, unless the file system writes each page whole.",
    ),
  synchronous_commit: (saw) =>
    problem(
      `${saw}: a crash loses the changes of the configuration that were acknowledged last; webhooks are committed durably all the same.`,
      "Set synchronous_commit = on, for the server, this database and this role.",
    ),
};

export const durability = databaseCheck("durability", [], async ({ query }) => {
  const rows = await query("select name, reset_val as value from pg_settings where name = any ($1)", [
    Object.keys(settings),
  ]);
  const off = rows.flatMap((row) => {
    const name = textOf(row, "name");
    return textOf(row, "value") === "off" ? [settings[name]?.(`${name} is off`) ?? []].flat() : [];
  });
  return off.length > 0 ? off : [ok(`${Object.keys(settings).join(", ")} are on.`)];
});
