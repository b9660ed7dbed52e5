const keptMax = 1_000;
const charactersMax = 300;

/** Keeps in mind a text in which there was nothing to replace: the same ones come with most requests. */
export function keepClean(kept: Set<string>, text: string): void {
  if (text.length > charactersMax) return;
  if (kept.size >= keptMax) kept.clear();
  kept.add(text);
}
