import { InvalidRule } from "../../../../capture/invalid-rule.ts";
import { redactor } from "../../../../capture/redactor.ts";
import { compileSelection } from "../../../../capture/selection.ts";
import type { Exchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { redactedAgain } from "../redacted-again.ts";
import { seenAgain } from "../seen.ts";
import type { SelectionForm } from "../selection-form.ts";
import { block, blockForm } from "./block.ts";
import { DefaultRedactions, defaultRedactions } from "./default-redactions.ts";
import { exclusion, exclusionForm } from "./exclusion.ts";
import { redaction, redactionForm } from "./redaction.ts";
import { ruleOperations } from "./rule-operations.ts";
import { sampling, samplingForm } from "./sampling.ts";

/** The four kinds of rules. */
export const ruleResources = [redaction, exclusion, sampling, block];

export const allRuleOperations = [
  ...ruleOperations({
    resource: redaction,
    noun: "redaction",
    listedTo: "everywhere",
    plural: "redactions",
    does: "have values replaced by tokens before anything is stored",
    form: redactionForm,
    besides: { shape: { defaults: DefaultRedactions }, values: { defaults: defaultRedactions } },
    needsContent: () => true,
    matcher: (value) => {
      // Tokens are not looked at: any key will do.
      const only = compiled(/^\/\d+/, "", () => redactor([{ id: "preview", ...value }], new Uint8Array(32)));
      return (exchange) => redactedAgain(exchange, only) !== undefined;
    },
  }),
  ...ruleOperations({
    resource: exclusion,
    noun: "exclusion",
    listedTo: "everywhere",
    plural: "exclusions",
    does: "are not recorded, but counted",
    form: exclusionForm,
    needsContent: asksForHeader,
    matcher: selected,
  }),
  ...ruleOperations({
    resource: sampling,
    noun: "sampling",
    listedTo: "people",
    plural: "samplings",
    does: "are recorded in part, but all counted",
    form: samplingForm,
    needsContent: asksForHeader,
    matcher: selected,
  }),
  ...ruleOperations({
    resource: block,
    noun: "block",
    listedTo: "people",
    plural: "blocks",
    does: "are answered before the application sees them",
    form: blockForm,
    needsContent: asksForHeader,
    matcher: selected,
  }),
];

function selected({ selection }: { readonly selection: SelectionForm }): (exchange: Exchange) => boolean {
  const matches = compiled(/^/, "/selection", () => compileSelection(selection));
  return (exchange) => matches(seenAgain(exchange));
}

function asksForHeader({ selection }: { readonly selection: SelectionForm }): boolean {
  return selection.header !== undefined;
}

/** `begins` of a pointer into what is compiled is `within` the input. @throws Failure invalid at the place that cannot be */
function compiled<T>(begins: RegExp, within: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof InvalidRule)) throw error;
    throw new Failure("invalid", error.message, { pointer: error.pointer.replace(begins, within) });
  }
}
