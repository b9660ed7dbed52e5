import { sizeText } from "../contents.ts";
import { ok, problem, warning, type Check } from "../check.ts";
import { databaseSchemas } from "../stored-files.ts";

const bytesMax = 1024 ** 3;

export const integrity: Check = {
  name: "integrity",
  look({ facts, inside, deep }) {
    const present = (facts?.files ?? []).filter(({ name }) => Object.hasOwn(databaseSchemas, name));
    const told = present.flatMap(({ name, bytes }) => {
      if (bytes > bytesMax && !deep)
        return [
          warning(
            `${name} was not checked: it has ${sizeText(bytes)}.`,
            "Run `sluice doctor --deep`; it takes a while.",
          ),
        ];
      const flaws = inside(name, (file) => file.flaws(deep ? "full" : "quick")) ?? [];
      return flaws
        .slice(0, 1)
        .map((flaw) =>
          problem(
            `${name} is damaged: ${flaw}`,
            "Stop the server, keep a copy of the folder, restore a backup into a new folder, and check the disk.",
          ),
        );
    });
    if (present.length === 0 || told.length > 0) return told;
    return [ok(`SQLite finds nothing wrong (${deep ? "full" : "quick"} check).`)];
  },
};
