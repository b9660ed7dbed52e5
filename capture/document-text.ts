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
  const asJson = (text: string): string | undefined =>
    looksLikeJson(text) ? redactedJson(scope, text, { inner: innerOf(scope, 1), cut: true }) : undefined;
  const asAnything = (text: string): string =>
    redactedDocument(scope, { octets: text, contentType, cut, depth: 0 });
  const json = asJson(octets);
  if (json !== undefined) return json;
  // What is no JSON may be some when its end has been replaced.
  const redacted = untilStable(
    octets,
    (text) => (text === octets ? undefined : asJson(text)) ?? asAnything(text),
  );
  return redacted ?? replacedWhole(scope, octets);
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

type Body = {
  readonly octets: string;
  readonly contentType: string;
  readonly cut: boolean;
  /** How many documents it is in. */
  readonly depth: number;
};

type Form = {
  readonly fits: (octets: string, contentType: string) => boolean;
  readonly redact: (scope: Scope, octets: string, inner: Inner) => string;
};

/** Apart from JSON and parts, the first that fits. */
const forms: readonly Form[] = [
  {
    fits: (octets, type) => type.includes("event-stream") || /^(?:data|event|id|retry):/.test(octets),
    redact: (_, octets, inner) => redactedEvents(octets, inner),
  },
  {
    fits: (octets, type) => /^\s*</.test(octets) || /[/+](?:xml|html)/.test(type),
    redact: redactedMarkup,
  },
  {
    fits: (octets, type) => type.includes("form-urlencoded") || /^[\w.%[\]-]{1,200}=[^\s"'<>]*$/.test(octets),
    redact: redactedForm,
  },
];

/**
 * Redacts a body by what it is, which its type need not say truly: what begins like JSON is JSON for us, and what is not,
 * up to its end, is text.
 */
function redactedDocument(scope: Scope, body: Body): string {
  const { octets, contentType, cut, depth } = body;
  if (octets.startsWith(byteOrderMark))
    return byteOrderMark + redactedDocument(scope, { ...body, octets: octets.slice(byteOrderMark.length) });
  const type = contentType.toLowerCase();
  if (looksLikeJson(octets) || type.includes("json")) return redactedInner(scope, octets, cut, depth);
  const boundary = depth < nestingMax ? boundaryOf(octets, contentType) : undefined;
  if (boundary !== undefined) {
    const part = (content: string, partType: string | undefined, last: boolean): string =>
      redactedDocument(scope, {
        octets: content,
        contentType: partType ?? "",
        cut: last && cut,
        depth: depth + 1,
      });
    return redactedParts(scope, octets, { boundary, part, inner: innerOf(scope, depth + 1) });
  }
  const form = forms.find(({ fits }) => fits(octets, type));
  if (form === undefined) return redactedInner(scope, octets, cut, depth);
  return form.redact(scope, octets, (value, last) => redactedInner(scope, value, last && cut, depth + 1));
}

function looksLikeJson(octets: string): boolean {
  return /^\s*[{["]/.test(octets);
}
