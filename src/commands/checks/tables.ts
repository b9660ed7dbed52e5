import { dataParts, localParts } from "../../engines/parts.ts";
import { standings, type Standing } from "../../engines/postgres/schema.ts";
import { ok, problem, warning, type Finding } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

const restart = "Start the newer version on this machine as well: an upgrade goes forward only.";

export const tables = databaseCheck("tables", [], async (reached, { version }) => {
  if (!reached.tables.has("sluice_schema"))
    return [ok("There are none yet: the first server that starts makes them.")];
  const found = await standings(reached);
  const known = new Map(
    [...localParts, ...dataParts].map(({ name, migrations }) => [name, migrations.length]),
  );
  const newer = [...found].flatMap(([name, standing]) =>
    judged(name, standing, known.get(name) ?? 0, version),
  );
  if (newer.length > 0) return newer;
  const older = [...known].flatMap(([name, count]) =>
    (found.get(name)?.version ?? 0) < count ? [name] : [],
  );
  const forward = older.length === 0 ? "" : `; ${older.join(", ")} will be brought forward at the next start`;
  return [ok(`This program knows the tables of every part${forward}.`)];
});

function judged(
  name: string,
  { version, needs }: Standing,
  known: number,
  program: string,
): readonly Finding[] {
  if (version <= known) return [];
  const saw = `The ${name} tables are at version ${version}; Sluice ${program} knows up to ${known}`;
  return [
    needs > known
      ? problem(`${saw} and cannot work with them.`, restart)
      : warning(`${saw}, which goes on working with them.`, restart),
  ];
}
