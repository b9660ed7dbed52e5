import { ok, problem, type Check } from "../check.ts";
import { databaseSchemas } from "../stored-files.ts";

export const schemas: Check = {
  name: "schemas",
  look({ facts, inside, version }) {
    const found = Object.entries(databaseSchemas).flatMap(([name, known]) => {
      const schema = inside(name, (file) => file.schema);
      return schema === undefined ? [] : [{ name, known, schema }];
    });
    const newer = found.filter(({ schema, known }) => schema > known);
    if (facts === undefined || found.length === 0) return [];
    if (newer.length === 0) {
      const older = found.filter(({ schema, known }) => schema < known).map(({ name }) => name);
      const forward =
        older.length === 0 ? "" : `; ${older.join(", ")} will be brought forward at the next start`;
      return [ok(`This program knows the schema of every file${forward}.`)];
    }
    return newer.map(({ name, schema, known }) =>
      problem(
        `${name} has schema ${schema}; Sluice ${version} knows up to ${known}.`,
        "Start the newer version that wrote it, or restore a backup made before the upgrade.",
      ),
    );
  },
};
