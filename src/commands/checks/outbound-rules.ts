import { ok, problem, type Check } from "../check.ts";

export const outboundRules: Check = {
  name: "outbound rules",
  async look({ targets }) {
    const judged = await targets();
    if (judged.length === 0) return [];
    const refused = judged.flatMap(({ slug, refusal }) =>
      refusal === undefined || refusal.reason === "dns" ? [] : [{ slug, ...refusal }],
    );
    if (refused.length === 0)
      return [
        ok(`${judged.length} active endpoints, no target is refused (SLUICE_OUTBOUND_ALLOW as it is here).`),
      ];
    return refused.map(({ slug, message, hint }) =>
      problem(
        `${slug}: nothing can be delivered: ${message}`,
        `${hint} Doctor judges by its own environment.`,
      ),
    );
  },
};
