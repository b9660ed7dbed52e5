import { sizeText } from "../contents.ts";
import { ok, problem, warning, type Check } from "../check.ts";
import { databaseSchemas } from "../stored-files.ts";

const walBytesMax = 256 * 1024 ** 2;

export const files: Check = {
  name: "files",
  look({ folder, facts }) {
    if (facts === undefined) return [];
    const bytesOf = new Map(facts.files.map(({ name, bytes }) => [name, bytes]));
    const findings = Object.keys(databaseSchemas).map((name) => {
      const bytes = bytesOf.get(name);
      if (bytes === undefined)
        return problem(
          `${name} is missing from ${folder}.`,
          "Check SLUICE_DATA_DIR; if the file was removed, restore a backup.",
        );
      const log = bytesOf.get(`${name}-wal`) ?? 0;
      if (log > walBytesMax)
        return warning(
          `The write-ahead log of ${name} has ${sizeText(log)}.`,
          "End what reads the file for long, such as a backup or another tool; if it does not shrink, restart the server.",
        );
      return { ...ok(""), part: `${name} ${sizeText(bytes)} with ${sizeText(log)} of log` };
    });
    const parts = findings.flatMap((it) => ("part" in it ? [it.part] : []));
    const told = findings.filter(({ state }) => state !== "ok");
    return told.length > 0 ? told : [ok(`${parts.join(", ")}.`)];
  },
};
