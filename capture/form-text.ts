import { ruleAtNames } from "./field-path.ts";
import { formDecoded, percentEncoded } from "./percent.ts";
import type { Inner, Scope } from "./scope.ts";

/**
 * Redacts `name=value` pairs with an ampersand between, of a form or of a query. A rule is about a pair when it is about
 * any part of its name, as in `card[number]`.
 */
export function redactedForm(scope: Scope, text: string, inner: Inner): string {
  const pairs = text.split("&");
  return pairs
    .map((pair, n) => redactedPair(scope, pair, (octets) => inner(octets, n === pairs.length - 1)))
    .join("&");
}

function redactedPair({ rules, replacer }: Scope, pair: string, inner: (octets: string) => string): string {
  const equals = pair.indexOf("=");
  if (equals === -1) return redactedPart(pair, inner);
  const parts = formDecoded(pair.slice(0, equals))
    .split(/[[\].]+/)
    .filter((part) => part !== "");
  const value = pair.slice(equals + 1);
  const named = parts.map((part) => rules.fields.ruleOf(part)).find((rule) => rule >= 0) ?? -1;
  const rule = named === -1 && rules.paths !== undefined ? ruleAtNames(rules.paths, parts) : named;
  const name = redactedPart(pair.slice(0, equals), inner);
  return `${name}=${rule === -1 ? redactedPart(value, inner) : replacer.replaced(rule, formDecoded(value))}`;
}

/** Encoded anew only where something was replaced. */
function redactedPart(part: string, inner: (octets: string) => string): string {
  const plain = formDecoded(part);
  const redacted = inner(plain);
  return redacted === plain ? part : percentEncoded(redacted);
}
