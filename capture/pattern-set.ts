/** UTF-16 units as ranges, both ends included, in order and apart. */
export type UnitSet = readonly (readonly [first: number, last: number])[];

const lastUnit = 0xffff;

export const digits: UnitSet = setOf("0-9");
export const wordUnits: UnitSet = setOf("0-9A-Z__a-z");
export const spaces: UnitSet = setOf(
  "\t-\r  \u00a0\u00a0\u1680\u1680\u2000-\u200a\u2028-\u2029\u202f\u202f\u205f\u205f\u3000\u3000\ufeff\ufeff",
);
/** What a dot does not stand for. */
export const lineEnds: UnitSet = setOf("\n\n\r\r\u2028-\u2029");

/** Pairs of first and last unit, with or without a dash between. */
function setOf(pairs: string): UnitSet {
  const units = pairs.match(/(.)-?(.)/gs) ?? [];
  return units.map((pair) => [pair.charCodeAt(0), pair.charCodeAt(pair.length - 1)] as const);
}

export function union(sets: readonly UnitSet[]): UnitSet {
  const merged: [number, number][] = [];
  for (const [first, last] of sets.flat().toSorted(([one], [other]) => one - other)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function complement(set: UnitSet): UnitSet {
  const edges = union([set]);
  const gaps = edges.map(([first], n) => [(edges[n - 1]?.[1] ?? -1) + 1, first - 1] as const);
  const rest = [(edges.at(-1)?.[1] ?? -1) + 1, lastUnit] as const;
  return [...gaps, rest].filter(([first, last]) => first <= last);
}

/** With the letters of ASCII in both cases. */
export function inAnyCase(set: UnitSet): UnitSet {
  const turned = (from: number, by: number): UnitSet =>
    set
      .map(([first, last]) => [Math.max(first, from), Math.min(last, from + 25)] as const)
      .filter(([first, last]) => first <= last)
      .map(([first, last]) => [first + by, last + by] as const);
  return union([set, turned(65, 32), turned(97, -32)]);
}

/** Whether the set has the unit, from a table where it is ASCII. */
export function membership(set: UnitSet): (unit: number) => boolean {
  const ascii = new Uint8Array(128);
  for (const [first, last] of set) ascii.fill(1, first, Math.max(last + 1, first));
  const above = set.filter(([, last]) => last >= ascii.length);
  return (unit) =>
    unit < ascii.length ? ascii[unit] === 1 : above.some(([first, last]) => first <= unit && unit <= last);
}
