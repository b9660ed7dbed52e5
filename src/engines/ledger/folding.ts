import { setImmediate } from "node:timers/promises";
import { bytesOf, numberOf, type Row, type SqlValue } from "../stored/row.ts";
import { decodeSeries, type Series } from "../stored/series.ts";
import { foldedInto, grains, startOf, type Interval } from "./intervals.ts";

/** Where an interval is: its workspace, bucket and environment as the database has them. */
export type Place = {
  readonly workspace: SqlValue;
  readonly grain: number;
  readonly at: number;
  readonly bucket: SqlValue;
  readonly environment: SqlValue;
};

/** Which of the intervals that summaries belong to are there already. */
export type Known = (places: readonly Place[]) => Promise<readonly Row[]>;

type Fresh = { readonly place: Place; readonly series: readonly Series[] };

/** The intervals that rows of `summary` belong to, with all that they hold then. Gives way to others in between. */
export async function folded(rows: readonly Row[], known: Known): Promise<readonly (Place & Interval)[]> {
  const fresh = freshOf(rows);
  const stored = new Map(
    (await known(fresh.map(({ place }) => place))).map((row) => [
      keyOf(placeOf(row, numberOf(row, "grain"), numberOf(row, "at"))),
      { total: bytesOf(row, "total"), detail: bytesOf(row, "detail") },
    ]),
  );
  const all: (Place & Interval)[] = [];
  for (const { place, series } of fresh) {
    all.push({ ...place, ...foldedInto(stored.get(keyOf(place)), series, place.at) });
    await setImmediate();
  }
  return all;
}

function freshOf(rows: readonly Row[]): readonly Fresh[] {
  const told = rows.flatMap((row) =>
    decodeSeries(bytesOf(row, "series"), numberOf(row, "first")).flatMap((series) =>
      grains.map((grain) => ({ place: placeOf(row, grain, startOf(series.at, grain)), series })),
    ),
  );
  return [...Map.groupBy(told, ({ place }) => keyOf(place)).values()].flatMap((group) => {
    const [one] = group;
    return one === undefined ? [] : [{ place: one.place, series: group.map(({ series }) => series) }];
  });
}

function placeOf(row: Row, grain: number, at: number): Place {
  const { workspace = null, bucket = null, environment = null } = row;
  return { workspace, grain, at, bucket, environment };
}

function keyOf({ workspace, grain, at, bucket, environment }: Place): string {
  return JSON.stringify([workspace, grain, at, bucket, environment]);
}
