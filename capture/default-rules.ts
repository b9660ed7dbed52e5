import type { RedactionRule } from "./wire.ts";

/** Always applied, before what a workspace adds. */
export const defaultRules: readonly RedactionRule[] = [
  { id: "default-authorization", category: "authorization", places: [], match: { header: "authorization" } },
];
