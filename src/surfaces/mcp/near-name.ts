const answersMax = 3;
const lengthMax = 100;
const likenessMin = 0.4;

/** Up to three of the names that share most of their letter pairs with the one asked for (Dice's coefficient), best first. */
export function nearNames(asked: string, names: readonly string[]): readonly string[] {
  const pairs = pairsOf(asked);
  return names
    .map((name) => ({ name, likeness: likeness(pairs, pairsOf(name)) }))
    .filter((it) => it.likeness >= likenessMin)
    .toSorted((a, b) => b.likeness - a.likeness)
    .slice(0, answersMax)
    .map(({ name }) => name);
}

function pairsOf(text: string): ReadonlySet<string> {
  const letters = text
    .slice(0, lengthMax)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "");
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)));
}

function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((pair) => b.has(pair)).length;
  return a.size + b.size === 0 ? 0 : (2 * shared) / (a.size + b.size);
}
