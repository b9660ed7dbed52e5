import type { Content } from "./algorithm.ts";
import type { SignatureScheme } from "./scheme.ts";

/** What a scheme's template may name. */
export type SignedParts = {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Uint8Array;
  readonly method: string;
  readonly url: string;
};

type Piece = { readonly text: string } | { readonly part: keyof SignedParts };

const parts: ReadonlyMap<string, keyof SignedParts> = new Map(
  (["id", "timestamp", "body", "method", "url"] as const).map((part) => [`{${part}}`, part]),
);
const placeholder = /(\{(?:id|timestamp|body|method|url)\})/;

/** A scheme is read once and used all the time. */
const read = new WeakMap<SignatureScheme, readonly Piece[]>();

/** What is signed under the scheme, in pieces. */
export function signedContent(scheme: SignatureScheme, given: SignedParts): Content {
  return piecesOf(scheme).map((piece) => ("text" in piece ? piece.text : given[piece.part]));
}

function piecesOf(scheme: SignatureScheme): readonly Piece[] {
  const known = read.get(scheme);
  if (known !== undefined) return known;
  const pieces = scheme.signed.split(placeholder).map((text): Piece => {
    const part = parts.get(text);
    return part === undefined ? { text } : { part };
  });
  read.set(scheme, pieces);
  return pieces;
}
