import type { Declarable } from "../../../registry/declarable.ts";
import { ruleResources } from "./rules.ts";

/** The four kinds of rules in a document, by their names. Of samplings the oldest that matches decides, so that order counts. */
export const declaredRules: readonly Declarable[] = ruleResources.map(({ kind }) => ({
  name: `${kind}s`,
  key: ["name"],
  inOrder: true,
  operations: {
    list: `list_${kind}s`,
    create: `create_${kind}`,
    update: `update_${kind}`,
    remove: `delete_${kind}`,
  },
  rows: `${kind}s`,
  shownAs: {},
  refers: [{ section: "environments", by: ["environment"] }],
  brings: () => [],
  madeWith: [],
  secrets: [],
}));
