import { defaultRules } from "../../capture/default-rules.ts";
import { redactor, type Redactor } from "../../capture/redactor.ts";
import { compileSelection, type Seen } from "../../capture/selection.ts";
import type { CaptureSettings, SamplingRule } from "../../capture/wire.ts";

/** Settings, compiled. */
export type Ruleset = {
  readonly settings: CaptureSettings;
  readonly redactor: Redactor;
  readonly isExcluded: (seen: Seen) => boolean;
  /** The first sampling rule that matches. */
  readonly samplingOf: (seen: Seen) => SamplingRule | undefined;
};

/** @throws InvalidRule when a rule cannot be compiled: then none of the settings holds, since it may be one that redacts */
export function ruleset(settings: CaptureSettings, withDefaults: boolean): Ruleset {
  const { redactions, exclusions, samplings, blocks, tokenKey } = settings;
  const excluded = exclusions.map(({ selection }) => compileSelection(selection));
  const sampled = samplings.map((rule) => ({ rule, holds: compileSelection(rule.selection) }));
  for (const { selection } of blocks) compileSelection(selection);
  for (const { rate } of samplings)
    if (typeof rate !== "number" || !(rate >= 0 && rate <= 1))
      throw new TypeError("A rate is between 0 and 1.");
  const rules = withDefaults ? [...defaultRules, ...redactions] : redactions;
  return {
    settings,
    redactor: redactor(rules, Buffer.from(tokenKey, "base64")),
    isExcluded: (seen) => excluded.some((holds) => holds(seen)),
    samplingOf: (seen) => sampled.find(({ holds }) => holds(seen))?.rule,
  };
}
