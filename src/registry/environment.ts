import { z } from "zod";
import type { RecordChange } from "../engines/store/store.ts";
import { Failure } from "../kernel/failure.ts";
import { newId } from "../kernel/id.ts";
import { plainChange } from "./plain-change.ts";
import { resource } from "./resource.ts";
import type { Unit } from "./unit.ts";

/** Of environments and buckets: what is in addresses and in rules. */
export const PlaceName = z
  .string()
  .trim()
  .regex(/^[a-z0-9][a-z0-9_-]{0,49}$/, "1 to 50 lowercase letters, digits, - and _");

/** The bucket that every environment has from its beginning. */
export const firstBucket = "default";

export const environmentsMax = 50;
export const bucketsMax = 500;

/** Where traffic is from, such as `production`. What is in one is never seen by who is confined to another. */
export const environment = resource({
  kind: "environment",
  prefix: "env",
  shape: z.object({ name: PlaceName }),
  keys: ({ name }) => ({ name }),
});

/** A part of an environment, such as one application. */
export const bucket = resource({
  kind: "bucket",
  prefix: "bkt",
  shape: z.object({ environment: PlaceName, name: PlaceName }),
  keys: (value) => ({ name: `${value.environment}/${value.name}` }),
  indexes: (value) => ({ within: value.environment }),
});

/** What a new workspace has: three environments with a bucket `default` in each. */
export function firstPlaces(): readonly RecordChange[] {
  return ["production", "staging", "development"].flatMap((name) => {
    const first = { environment: name, name: firstBucket };
    return [
      plainChange({ kind: environment.kind, id: newId(environment.prefix), value: { name }, keys: { name } }),
      plainChange({
        kind: bucket.kind,
        id: newId(bucket.prefix),
        value: first,
        keys: bucket.keys(first),
        indexes: bucket.indexes(first),
      }),
    ];
  });
}

/**
 * @throws Failure invalid at `/environment` or where the bucket was named, with those there are, unless the workspace has
 * both
 */
export async function requirePlace(
  unit: Unit,
  place: { readonly environment: string; readonly bucket?: string },
  bucketAt = "/bucket",
): Promise<void> {
  if ((await unit.byKey(environment, "name", place.environment)) === undefined) {
    const rows = await unit.find(environment, { limit: environmentsMax });
    throw unknown("environment", place.environment, "/environment", rows);
  }
  if (place.bucket === undefined) return;
  const key = `${place.environment}/${place.bucket}`;
  if ((await unit.byKey(bucket, "name", key)) === undefined) {
    const rows = await unit.find(bucket, { limit: bucketsMax, where: { within: place.environment } });
    throw unknown("bucket", place.bucket, bucketAt, rows);
  }
}

function unknown(
  what: "environment" | "bucket",
  name: string,
  pointer: string,
  rows: readonly { readonly value: { readonly name: string } }[],
): Failure {
  return new Failure("invalid", `There is no ${what} "${name}".`, {
    pointer,
    allowed: rows.map(({ value }) => value.name).toSorted(),
    hint: `Take one of these, or have it made: \`sluice create-${what}\`.`,
  });
}
