import { redactedEvents } from "./event-text.ts";
import { redactedForm } from "./form-text.ts";
import { redactedJson } from "./json-text.ts";
import { redactedMarkup } from "./markup-text.ts";
import { boundaryOf, redactedParts } from "./multipart-text.ts";
import type { Inner, Scope } from "./scope.ts";
import { replacedWhole, untilStable } from "./stable-text.ts";
import { redactedValue } from "./value-text.ts";

/** Documents in values of documents: a string of JSON with JSON in it, and so on. Deeper ones are text. */
const nestingMax = 4;
const byteOrderMark = "\u00ef\u00bb\u00bf";

/** The same for what came out of it: in JSON that is so by its form, anything else is gone over again. */
export function redactedBody(scope: Scope, octets: string, contentType: string, cut: boolean): string {
  if (looksLikeJson(octets)) {
    const redacted = redactedJson(scope, octets, { inner: innerOf(scope, 1), cut: true });
    if (redacted !== undefined) return redacted;
  }
  return (
    untilStable(octets, (text) => redactedDocument(scope, text, contentType, cut)) ??
    replacedWhole(scope, octets)
  );
}

/** A value, or the document that it turns out to be. */
export function redactedInner(scope: Scope, octets: string, cut: boolean, depth = 0): string {
  if (depth < nestingMax && /^\s*[{[]/.test(octets)) {
    const redacted = redactedJson(scope, octets, { inner: innerOf(scope, depth + 1), cut });
    if (redacted !== undefined) return redacted;
  }
  return redactedValue(scope, octets, cut);
}

function innerOf(scope: Scope, depth: number): Inner {
  return (octets, cut) => redactedInner(scope, octets, cut, depth);
}

/**
 * Redacts a body by what it is, which its type need not say truly: what begins like JSON is JSON for us, and what is not,
 * up to its end, is text.
 */
function redactedDocument(
  scope: Scope,
  octets: string,
  contentType: string,
  cut: boolean,
  depth = 0,
): string {
  if (octets.startsWith(byteOrderMark))
    return (
      byteOrderMark + redactedDocument(scope, octets.slice(byteOrderMark.length), contentType, cut, depth)
    );
  const inner = innerOf(scope, depth + 1);
  const type = contentType.toLowerCase();
  if (looksLikeJson(octets) || type.includes("json")) return redactedInner(scope, octets, cut, depth);
  const boundary = depth < nestingMax ? boundaryOf(octets, contentType) : undefined;
  if (boundary !== undefined) {
    const part = (content: string, partType = "", end: boolean): string =>
      redactedDocument(scope, content, partType, end && cut, depth + 1);
    return redactedParts(scope, octets, { boundary, part, inner });
  }
  if (type.includes("event-stream") || /^(?:data|event|id|retry):/.test(octets))
    return redactedEvents(octets, (value, last) => inner(value, last && cut));
  if (/^\s*</.test(octets) || /[/+](?:xml|html)/.test(type))
    return redactedMarkup(scope, octets, (value, last) => inner(value, last && cut));
  if (type.includes("form-urlencoded") || /^[\w.%[\]-]{1,200}=[^\s"'<>]*$/.test(octets))
    return redactedForm(scope, octets, (value, last) => inner(value, last && cut));
  return redactedInner(scope, octets, cut, depth);
}

function looksLikeJson(octets: string): boolean {
  return /^\s*[{["]/.test(octets);
}
