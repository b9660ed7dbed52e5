const answersMax = 3;
const lengthMax = 100;
/** Names that are less alike than this do not come into question. */
export const likenessMin = 0.4;

/**
 * Up to three of the names that a mistyped word most likely meant, best first. Letter case and what is neither letter
 * nor digit do not count; words in another order, or one of several, are found as well as letters that were swapped.
 */
export function nearNames(word: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, likeness: likeness(word, name) }))
    .filter((it) => it.likeness >= likenessMin)
    .toSorted((a, b) => b.likeness - a.likeness)
    .slice(0, answersMax)
    .map(({ name }) => name);
}

/** The share of letter pairs that two names have in common (Dice's coefficient), their beginning and end included: 0 to 1. */
export function likeness(a: string, b: string): number {
  const [first, second] = [pairsOf(a), pairsOf(b)];
  return (2 * first.intersection(second).size) / (first.size + second.size);
}

function pairsOf(text: string): Set<string> {
  const letters = ` ${text
    .slice(0, lengthMax)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "")} `;
  return new Set(Array.from({ length: letters.length - 1 }, (_, i) => letters.slice(i, i + 2)));
}
