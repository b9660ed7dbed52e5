import fc from "fast-check";
import { cursorOf } from "../../src/kernel/page.ts";

const deep = (levels: number): unknown => (levels === 0 ? 0 : [deep(levels - 1)]);

/** What has broken servers before. */
export const nasty: readonly unknown[] = [
  "",
  " ",
  "\u0000",
  "\ud800",
  "__proto__",
  "constructor",
  "a".repeat(5_000),
  "é".repeat(60),
  "' or 1=1 --",
  "${API_KEY}",
  "../../etc/passwd",
  "%00%ff",
  "ex_00000000000000000000000000000000",
  "ex_zz",
  "ep_",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59-23:59",
  "2026-01-01T00:00Z",
  "2026-01-01T00:00:00.123456789123456789Z",
  "http://127.0.0.1:1/",
  "http://[::1]/",
  "https://user:fake@example.com/",
  "javascript:alert(1)",
  "https://example.com:99999/",
  cursorOf({ startedAt: 2 ** 53, id: "ex_0" }),
  cursorOf({ startedAt: Number.MAX_SAFE_INTEGER, id: "ex_ffffffffffffffffffffffffffffffff" }),
  cursorOf({ startedAt: -1, id: "\ud800" }),
  cursorOf({ createdAt: 1e21, id: "\u0000" }),
  cursorOf({ createdAt: -Number.MAX_SAFE_INTEGER, id: "" }),
  cursorOf(deep(50)),
  cursorOf(null),
  -1,
  0,
  0.5,
  1e308,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  null,
  true,
  [],
  {},
  [[]],
  [null],
  ["a", 1, {}],
  { a: 1 },
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}'),
  deep(100),
];

/** A value with one place of it changed: replaced, left out, or given a neighbour that does not belong there. */
export function nearly(values: fc.Arbitrary<object>): fc.Arbitrary<object> {
  const changes = fc.constantFrom<Change>(replace, replace, leaveOut, addNeighbour);
  const wrong = fc.oneof(fc.constantFrom(...nasty), fc.jsonValue({ maxDepth: 1 }));
  return fc.tuple(values, fc.nat(), changes, wrong).map(([value, where, change, instead]) => {
    const changed = structuredClone(value) as Members;
    const places = placesIn(changed);
    const place = places[where % places.length];
    if (place === undefined) changed["extra"] = instead;
    else change(place, instead);
    return changed;
  });
}

type Members = { [name: string]: unknown };
type Place = { readonly within: Members; readonly name: string };
type Change = (place: Place, instead: unknown) => void;

const replace: Change = ({ within, name }, instead) => void (within[name] = instead);
const leaveOut: Change = ({ within, name }) => void delete within[name];
const addNeighbour: Change = ({ within }, instead) => void (within["extra"] = instead);

function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== "object" || value === null) return [];
  const within = value as Members;
  return Object.keys(within)
    .filter((name) => name !== "__proto__")
    .flatMap((name) => [{ within, name }, ...placesIn(within[name])]);
}
