import { InvalidRule } from "./invalid-rule.ts";

const charactersMax = 500;

/** What a `*` stops at: the slashes of a path, or nothing in other text. `**` stops at nothing in either. */
export type GlobOf = "path" | "text";

/** A character, or a star. */
type Part = string | { readonly crosses: boolean };

/**
 * Compiles a pattern in which `*` stands for any characters but slashes, `**` for any at all and everything else for
 * itself, in full and in the same case. A match takes at most one step for each pair of a character of the text and one
 * of the pattern.
 * @throws InvalidRule for an empty pattern and for one of more than 500 characters
 */
export function compileGlob(source: string, of: GlobOf = "path"): (text: string) => boolean {
  if (source === "") throw new InvalidRule("", "The pattern is empty.");
  if (source.length > charactersMax)
    throw new InvalidRule(
      "",
      `The pattern has ${source.length} characters, at most ${charactersMax} are allowed.`,
    );
  const parts = partsOf(source, of);
  const stars = new Set(parts.filter((part) => typeof part === "object").map(({ crosses }) => crosses));
  if (stars.size === 0) return (text) => text === source;
  if (stars.size > 1) return (text) => matches(parts, text);
  const literals = parts.map((part) => (typeof part === "string" ? part : star));
  return stars.has(true)
    ? (text) => matchesPlain(literals, text, "")
    : (text) => matchesPlain(literals, text, "/");
}

/** No character of a pattern is empty. */
const star = "";

/**
 * With stars of one kind it is enough to go back to the last one and let it stand for one character more: what is
 * before it was matched as early as possible, and where a star stops at slashes both sides have the same slashes.
 */
function matchesPlain(parts: readonly string[], text: string, stop: string): boolean {
  let [position, at, lastStar, starEnd] = [0, 0, -1, 0];
  while (at < text.length) {
    const part = parts[position];
    if (part === star) {
      lastStar = position++;
      starEnd = at;
    } else if (part === text[at]) {
      position++;
      at++;
    } else {
      if (lastStar === -1 || text[starEnd] === stop) return false;
      at = ++starEnd;
      position = lastStar + 1;
    }
  }
  while (parts[position] === star) position++;
  return position === parts.length;
}

function partsOf(source: string, of: GlobOf): readonly Part[] {
  const pieces = source.match(/\*+|[^*]/gs) ?? [];
  return pieces.map((piece) =>
    piece.startsWith("*") ? { crosses: of === "text" || piece.length > 1 } : piece,
  );
}

/** Goes through the text once, with all positions in the pattern that what was read so far can have led to. */
function matches(parts: readonly Part[], text: string): boolean {
  let reached = entered(parts, [0]);
  for (let at = 0; at < text.length && reached.size > 0; at++)
    reached = entered(
      parts,
      [...reached].flatMap((position) => read(parts, position, text[at])),
    );
  return reached.has(parts.length);
}

/** Where a character leads to from the position, if anywhere. */
function read(parts: readonly Part[], position: number, character: string | undefined): readonly number[] {
  const part = parts[position];
  if (typeof part === "object") return part.crosses || character !== "/" ? [position] : [];
  return part !== undefined && part === character ? [position + 1] : [];
}

/** A star may stand for nothing, so who is before it is behind it as well. */
function entered(parts: readonly Part[], from: readonly number[]): ReadonlySet<number> {
  const positions = new Set(from);
  for (const position of positions) if (typeof parts[position] === "object") positions.add(position + 1);
  return positions;
}
