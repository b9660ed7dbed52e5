import type { Inner, Scope } from "./scope.ts";

const boundaryCharactersMax = 200;
const headCharactersMax = 16_384;

/** How the content of a part is redacted. */
export type PartText = (octets: string, contentType: string | undefined, cut: boolean) => string;

/** The boundary that the type names, if the text has it; otherwise the one that the text begins with (RFC 2046, RFC 7578). */
export function boundaryOf(text: string, contentType: string): string | undefined {
  const [, quoted, bare] = /boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType) ?? [];
  const named = `--${quoted ?? bare ?? ""}`;
  if (named !== "--" && text.includes(named)) return named;
  const begun = /^\s*(--[^\r\n]{1,200})\r?\ncontent-/i.exec(text)?.[1];
  return begun !== undefined && begun.length <= boundaryCharactersMax ? begun : undefined;
}

/** Redacts parts whose field a rule names as a whole, and all others by their own type. */
export function redactedParts(
  scope: Scope,
  text: string,
  { boundary, part, inner }: { readonly boundary: string; readonly part: PartText; readonly inner: Inner },
): string {
  const pieces = text.split(boundary);
  const redacted = pieces.map((piece, n) => {
    const cut = n === pieces.length - 1;
    return n === 0 ? inner(piece, cut) : redactedPiece(scope, piece, { part, inner, cut });
  });
  return redacted.join(boundary);
}

function redactedPiece(
  { rules, replacer }: Scope,
  piece: string,
  { part, inner, cut }: { readonly part: PartText; readonly inner: Inner; readonly cut: boolean },
): string {
  const [head] = /^[^]*?\r?\n\r?\n/.exec(piece.slice(0, headCharactersMax)) ?? [];
  if (head === undefined) return inner(piece, cut);
  const [, content = "", ending = ""] = /^([^]*?)(\r?\n)?$/.exec(piece.slice(head.length)) ?? [];
  const name = /\bname="?([^"\r\n;]{1,200})/i.exec(head)?.[1] ?? "";
  const names = name.split(/[[\].]+/).filter((each) => each !== "");
  const rule = names.map((each) => rules.fields.ruleOf(each)).find((each) => each >= 0) ?? -1;
  const type = /^content-type:[ \t]*([^\r\n]*)/im.exec(head)?.[1];
  const kept = rule === -1 ? part(content, type, cut) : replacer.replaced(rule, content);
  return inner(head, false) + kept + ending;
}
