import { CleanTexts } from "./clean-texts.ts";
import { redactedBody, redactedInner } from "./document-text.ts";
import { redactedHeader } from "./header-text.ts";
import { fromOctets, toOctets } from "./octets.ts";
import { Replacer } from "./replacer.ts";
import { checkRules, compileRules, pathNames } from "./rule-set.ts";
import type { Scope } from "./scope.ts";
import { type Tokens, tokens } from "./token.ts";
import { redactedUrl, type UrlScope } from "./url-text.ts";
import { bytesOf, octetsOf } from "./body-bytes.ts";
import { type HeaderPair, type RedactionPlace, redactionPlaces, type RedactionRule } from "./wire.ts";

export type Side = "request" | "response";

/** How often a rule replaced something. */
export type Hit = { readonly rule: string; readonly count: number };

/** Replaces what rules say is nobody's business. Everything is deterministic by key, and what is redacted stays as it is. */
export type Redactor = {
  headers(side: Side, headers: readonly HeaderPair[]): readonly HeaderPair[];
  /** Path with query, or a whole URL. */
  target(target: string): string;
  /** @param truncated the end of the body is missing, so that what is left of a value there counts as one */
  body(side: Side, bytes: Uint8Array, contentType: string | undefined, truncated?: boolean): Uint8Array;
  /** Any other text, such as the message of an error. */
  text(text: string): string;
  /** What rules did since the last call. */
  hits(): readonly Hit[];
};

/**
 * Compiles rules once, for any number of texts.
 * @param tokenKey 32 bytes that belong to the environment
 * @throws InvalidRule with the number of the rule and the member that cannot be compiled
 */
export function redactor(rules: readonly RedactionRule[], tokenKey: Uint8Array): Redactor {
  return redactorBy(rules, tokens(tokenKey));
}

/**
 * As `redactor`, by tokens of the caller's making.
 * @param tokensOf what it makes has the form of a token: anything else would be looked into again
 * @throws InvalidRule
 */
export function redactorBy(rules: readonly RedactionRule[], tokensOf: Tokens): Redactor {
  checkRules(rules);
  const replacer = new Replacer(rules, tokensOf);
  const scopes = new Map<RedactionPlace, Scope>(
    redactionPlaces.map((place) => [place, { rules: compileRules(rules, place), replacer }]),
  );
  const everywhere: Scope = { rules: compileRules(rules, undefined), replacer };
  const at = (place: RedactionPlace): Scope => scopes.get(place) ?? everywhere;
  const clean = { request: new CleanTexts(), response: new CleanTexts(), text: new CleanTexts() };
  const urls: UrlScope = { path: at("request.path"), query: at("request.query"), names: pathNames(rules) };
  return {
    headers(side, headers) {
      const scope = at(`${side}.headers`);
      return headers.map((header) => {
        const [name, value] = header;
        if (clean[side].has(name, value)) return header;
        const redacted = redactedHeader(scope, urls, header);
        if (redacted[1] === value) clean[side].add(name, value);
        return redacted;
      });
    },
    target(target) {
      const octets = toOctets(target);
      return fromOctets(redactedUrl(urls, octets));
    },
    body(side, bytes, contentType = "", truncated = false) {
      const octets = octetsOf(bytes);
      const redacted = redactedBody(at(`${side}.body`), octets.text, contentType, truncated);
      return redacted === octets.text ? bytes : bytesOf({ ...octets, text: redacted });
    },
    text(text) {
      if (clean.text.has("", text)) return text;
      const octets = toOctets(text);
      const redacted = redactedInner(everywhere, octets, false);
      if (redacted !== octets) return fromOctets(redacted);
      clean.text.add("", text);
      return text;
    },
    hits: () => replacer.takeCounts(),
  };
}
