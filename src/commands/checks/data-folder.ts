import { ok, problem, type Check } from "../check.ts";

export const dataFolder: Check = {
  name: "data folder",
  look({ folder, facts, holder }) {
    if (facts === undefined)
      return [
        problem(
          `There is no data folder ${folder}.`,
          "Set SLUICE_DATA_DIR to the folder of the server; `sluice serve` makes a new one.",
        ),
      ];
    return [ok(`${folder}, ${holder === undefined ? "held by nobody" : `held by ${holder.who}`}.`)];
  },
};
