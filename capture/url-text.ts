import { redactedInner } from "./document-text.ts";
import type { FieldNames } from "./field-names.ts";
import { redactedForm } from "./form-text.ts";
import { percentDecoded, percentEncoded } from "./percent.ts";
import { ruleOfDetector } from "./rule-set.ts";
import type { Inner, Scope } from "./scope.ts";
import { replacedWhole, untilStable } from "./stable-text.ts";

/** What a URL is redacted by: rules of paths, rules of queries, and names in paths that say what follows them. */
export type UrlScope = { readonly path: Scope; readonly query: Scope; readonly names: FieldNames };

/** Such as `confirm` behind `reset-password`, which is a part of the route. */
const word = /^[a-z]+(?:-[a-z]+)*$/;
const wordCharactersMax = 24;

/** Redacts a path with query and fragment, or a URL with its user and password as well. */
export function redactedUrl(scope: UrlScope, url: string): string {
  return untilStable(url, (text) => redactedOnce(scope, text)) ?? replacedWhole(scope.path, url);
}

function innerOf(scope: Scope): Inner {
  return (octets, cut) => redactedInner(scope, octets, cut);
}

function redactedOnce(scope: UrlScope, url: string): string {
  const [, origin = "", path = "", query = "", fragment = ""] =
    /^([a-z][a-z0-9+.-]{0,30}:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(url) ?? [];
  const ofQuery = (part: string): string =>
    part === "" ? "" : part.slice(0, 1) + redactedForm(scope.query, part.slice(1), innerOf(scope.query));
  return (
    redactedOrigin(scope, origin) +
    redactedPath(scope, path, innerOf(scope.path)) +
    ofQuery(query) +
    ofQuery(fragment)
  );
}

function redactedOrigin({ path }: UrlScope, origin: string): string {
  const end = origin.lastIndexOf("@");
  const start = origin.indexOf("://") + 3;
  const rule = ruleOfDetector(path.rules, "url_password");
  if (end === -1 || rule === -1) return origin;
  return origin.slice(0, start) + path.replacer.replaced(rule, origin.slice(start, end)) + origin.slice(end);
}

function redactedPath(scope: UrlScope, path: string, inner: Inner): string {
  let before = -1;
  const segments = path.split("/").map((segment) => {
    const [first = "", ...parameters] = segment.split(";");
    const plain = percentDecoded(first);
    const rule = before >= 0 && !(word.test(plain) && plain.length <= wordCharactersMax) ? before : -1;
    before = scope.names.ruleOf(plain);
    const kept = rule >= 0 ? scope.path.replacer.replaced(rule, plain) : redactedSegment(first, plain, inner);
    return [kept, ...parameters.map((parameter) => redactedForm(scope.query, parameter, inner))].join(";");
  });
  return segments.join("/");
}

function redactedSegment(segment: string, plain: string, inner: Inner): string {
  const redacted = inner(plain, false);
  return redacted === plain ? segment : percentEncoded(redacted);
}
