import { toOctets } from "./octets.ts";
import type { Inner, Scope } from "./scope.ts";
import { isToken } from "./token.ts";

const nameCharactersMax = 200;
const opening = /^<([A-Za-z_\u0080-\u00ff][\w.:\-\u0080-\u00ff]*)/;
/** What has no elements in it: where it begins and what ends it. */
const islands: readonly (readonly [start: string, end: string])[] = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
];
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * Redacts XML and HTML: what is in elements and attributes that rules name, `value` and `content` of what goes by such
 * a name, and what is found in text. It goes through the text once and needs nothing to be closed.
 */
export function redactedMarkup(scope: Scope, text: string, inner: Inner): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("<", at);
    const end = next === -1 ? text.length : next;
    if (end > at) parts.push(redactedCharacters(text.slice(at, end), inner, end === text.length));
    if (next === -1) break;
    at = end + addElement(parts, { scope, text, inner }, end);
  }
  return parts.join("");
}

type Markup = { readonly scope: Scope; readonly text: string; readonly inner: Inner };

/** How many characters were dealt with. */
function addElement(parts: string[], markup: Markup, start: number): number {
  const { scope, text, inner } = markup;
  const island = islands.find(([begins]) => text.startsWith(begins, start));
  if (island !== undefined) return addIsland(parts, markup, { start, island });
  const end = tagEnd(text, start + 1);
  const tag = text.slice(start, end);
  const name = opening.exec(tag.slice(0, nameCharactersMax))?.[1] ?? "";
  parts.push(name === "" ? inner(tag, end === text.length) : redactedTag(scope, tag, inner));
  const rule = name === "" || tag.endsWith("/>") ? -1 : scope.rules.fields.ruleOf(name.replace(/^.*:/, ""));
  if (rule === -1) return end - start;
  const close = closeOf(text, name, end);
  const content = text.slice(end, close);
  const kept = content.trim() === "" || isToken(content.trim());
  parts.push(kept ? content : scope.replacer.replaced(rule, plainContent(content)));
  return close - start;
}

function addIsland(
  parts: string[],
  { text, inner }: Markup,
  { start, island: [begins, ends] }: { readonly start: number; readonly island: readonly [string, string] },
): number {
  const from = start + begins.length;
  const found = text.indexOf(ends, from);
  const to = found === -1 ? text.length : found;
  parts.push(begins, inner(text.slice(from, to), found === -1));
  return to - start;
}

/** Behind the `>` that is in no quotes. */
function tagEnd(text: string, from: number): number {
  const stop = /[<>"']/g;
  stop.lastIndex = from;
  for (let found = stop.exec(text); found !== null; found = stop.exec(text)) {
    if (found[0] === ">") return found.index + 1;
    if (found[0] === "<") return found.index;
    const close = text.indexOf(found[0], found.index + 1);
    if (close === -1) return text.length;
    stop.lastIndex = close + 1;
  }
  return text.length;
}

/** Where the element's own end tag begins; elements of its name may be in it. */
function closeOf(text: string, name: string, from: number): number {
  const tags = new RegExp(`<(/?)${name.replaceAll(/[.\\]/g, "\\$&")}(?=[\\s/>])[^<>]{0,1000}>`, "gi");
  tags.lastIndex = from;
  let depth = 1;
  for (let found = tags.exec(text); found !== null; found = tags.exec(text)) {
    if (found[1] === "/") depth--;
    else if (!found[0].endsWith("/>")) depth++;
    if (depth === 0) return found.index;
  }
  return text.length;
}

/** A tag with its attributes, whose values names are before. */
function redactedTag({ rules, replacer }: Scope, tag: string, inner: Inner): string {
  const named = inner(tag, false);
  const goesBy = /\s(?:name|id|property)\s*=\s*["']?([\w.:[\]-]{1,200})/i.exec(named)?.[1];
  const last = goesBy?.split(/[[\].:]+/).findLast((part) => part !== "") ?? "";
  const rule = last === "" ? -1 : rules.fields.ruleOf(last);
  if (rule === -1) return named;
  return named.replace(
    /(\s(?:value|content)\s*=\s*)("[^"]*"?|'[^']*'?|[^\s"'>]+)/i,
    (_, before: string, value: string) =>
      `${before}"${replacer.replaced(rule, withoutEntities(value.replaceAll(/^["']|["']$/g, "")))}"`,
  );
}

function redactedCharacters(text: string, inner: Inner, cut: boolean): string {
  const plain = withoutEntities(text);
  const redacted = inner(plain, cut);
  if (redacted === plain) return text;
  return plain === text
    ? redacted
    : redacted.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function plainContent(content: string): string {
  const data = /^\s*<!\[CDATA\[(.*)\]\]>\s*$/s.exec(content)?.[1];
  return data ?? withoutEntities(content.trim());
}

function withoutEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi,
    (written, hex?: string, number?: string, name?: string) => {
      const code = hex === undefined ? Number(number ?? Number.NaN) : Number.parseInt(hex, 16);
      if (code <= 0x10ffff) return toOctets(String.fromCodePoint(code));
      return entities[name?.toLowerCase() ?? ""] ?? written;
    },
  );
}
