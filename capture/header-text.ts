import { redactedInner } from "./document-text.ts";
import { fromOctets, toOctets } from "./octets.ts";
import type { Scope } from "./scope.ts";
import { replacedWhole, untilStable } from "./stable-text.ts";
import { redactedUrl, type UrlScope } from "./url-text.ts";
import type { HeaderPair } from "./wire.ts";

const url = /^(?:\/|[a-z][a-z0-9+.-]{0,30}:\/\/)/i;
/** A scheme and what proves it (RFC 9110, section 11.4). */
const credentials = /^([a-z][a-z0-9-]{0,30} +)?(.*)$/is;

/** The value of a header by its name: names of cookies, schemes and the parts of URLs that are no secrets stay. */
export function redactedHeader(scope: Scope, urls: UrlScope, [name, value]: HeaderPair): HeaderPair {
  const octets = toOctets(value);
  const redacted = redactedContent(scope, urls, { name: name.toLowerCase(), octets });
  return redacted === octets ? [name, value] : [name, fromOctets(redacted)];
}

function redactedContent(
  scope: Scope,
  urls: UrlScope,
  { name, octets }: { readonly name: string; readonly octets: string },
): string {
  const { headers, fields } = scope.rules;
  const rule = headers.get(name) ?? fields.ruleOf(name.replace(/^x-/, ""));
  if (rule >= 0) return replacedContent(scope, { name, octets, rule });
  const redact = (text: string): string =>
    url.test(text) ? redactedUrl(urls, text) : redactedInner(scope, text, false);
  return untilStable(octets, redact) ?? replacedWhole(scope, octets);
}

function replacedContent(
  { replacer }: Scope,
  { name, octets, rule }: { readonly name: string; readonly octets: string; readonly rule: number },
): string {
  const cookie = (pair: string): string => {
    const [, before = "", value = ""] = /^(\s*[^=\s]*\s*=\s*|\s*)(.*)$/s.exec(pair) ?? [];
    return before + replacer.replaced(rule, value.trimEnd());
  };
  const parts = octets.split(";");
  if (name === "cookie") return parts.map(cookie).join(";");
  if (name === "set-cookie") return [cookie(parts[0] ?? ""), ...parts.slice(1)].join(";");
  const [, scheme = "", proof = ""] = credentials.exec(octets) ?? [];
  return name.endsWith("authorization")
    ? scheme + replacer.replaced(rule, proof)
    : replacer.replaced(rule, octets);
}
