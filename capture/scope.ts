import type { Replacer } from "./replacer.ts";
import type { RuleSet } from "./rule-set.ts";

/** What holds in the place that is being redacted. */
export type Scope = { readonly rules: RuleSet; readonly replacer: Replacer };

/** Redacts a value that stands in a document, without its escapes. @param cut its end is missing */
export type Inner = (octets: string, cut: boolean) => string;
