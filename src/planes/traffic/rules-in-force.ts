import type { z } from "zod";
import { defaultRules } from "../../../capture/default-rules.ts";
import { redactor, type Redactor } from "../../../capture/redactor.ts";
import { compileSelection, type Seen } from "../../../capture/selection.ts";
import type { Resource } from "../../registry/resource.ts";
import type { block } from "./rules/block.ts";
import type { exclusion } from "./rules/exclusion.ts";
import type { redaction } from "./rules/redaction.ts";
import type { sampling } from "./rules/sampling.ts";

type Value<R extends Resource> = z.output<R["shape"]>;
type Listed<R extends Resource> = Value<R> & { readonly id: string };

/** The rules in force in one environment of a workspace, oldest first. */
export type Rules = {
  readonly redactions: readonly Listed<typeof redaction>[];
  readonly exclusions: readonly Listed<typeof exclusion>[];
  readonly samplings: readonly Listed<typeof sampling>[];
  readonly blocks: readonly Listed<typeof block>[];
  /** Names exactly these rules, among all that were ever in force. */
  readonly revision: string;
};

/** Rules made ready for traffic, and how long the plan keeps it. */
export type Ready = Rules & {
  readonly keepsDays: number;
  readonly tokenKey: Uint8Array;
  /** Of the built-in rules and these. It counts hits: for one exchange at a time. */
  readonly redactor: Redactor;
  excludes(seen: Seen): boolean;
};

export function readyOf(rules: Rules, tokenKey: Uint8Array, keepsDays: number): Ready {
  return {
    ...rules,
    keepsDays,
    tokenKey,
    redactor: redactor([...defaultRules, ...rules.redactions], tokenKey),
    excludes: excludedBy(rules),
  };
}

export function excludedBy({ exclusions }: Pick<Rules, "exclusions">): (seen: Seen) => boolean {
  const excluded = exclusions.map(({ selection }) => compileSelection(selection));
  return (seen) => excluded.some((matches) => matches(seen));
}
