/** Numbers from 0 to 1 that are the same each time. Any 32 bits as the seed. */
export type Random = () => number;

/** Mulberry32, by Tommy Ettinger: small, and good enough for made-up traffic. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of them, the more often the larger its weight. */
export function picked<T extends { readonly weight: number }>(random: Random, of: readonly T[]): T {
  const total = of.reduce((sum, { weight }) => sum + weight, 0);
  let at = random() * total;
  for (const it of of) {
    at -= it.weight;
    if (at < 0) return it;
  }
  const last = of.at(-1);
  if (last === undefined) throw new RangeError("there is nothing to pick from");
  return last;
}

export function hexOf(random: Random, digits: number): string {
  let text = "";
  while (text.length < digits) text += Math.floor(random() * 16).toString(16);
  return text;
}
