import { ok, problem, type Check } from "../check.ts";

export const names: Check = {
  name: "names",
  async look({ targets }) {
    const judged = await targets();
    const lost = judged.flatMap(({ slug, refusal }) =>
      refusal?.reason === "dns" ? [{ slug, ...refusal }] : [],
    );
    if (judged.length === 0) return [];
    if (lost.length === 0) return [ok("Every name that a target has resolves.")];
    return lost.map(({ slug, message, hint }) => problem(`${slug}: ${message}`, hint));
  },
};
