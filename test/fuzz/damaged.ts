import fc from "fast-check";

type Harm = { readonly flips: readonly (readonly [at: number, bit: number])[]; readonly cut: number | null };

/** What may happen to bytes on their way: bits that change, an end that is missing. */
export const harms: fc.Arbitrary<Harm> = fc.record({
  flips: fc.array(fc.tuple(fc.nat(), fc.nat(7)), { maxLength: 3 }),
  cut: fc.option(fc.nat(), { freq: 2 }),
});

export function damaged(bytes: Buffer, { flips, cut }: Harm): Buffer {
  const harmed = Buffer.from(bytes);
  for (const [at, bit] of bytes.length === 0 ? [] : flips) {
    const place = at % bytes.length;
    harmed[place] = (harmed[place] ?? 0) ^ (1 << bit);
  }
  return cut === null ? harmed : harmed.subarray(0, cut % (bytes.length + 1));
}
