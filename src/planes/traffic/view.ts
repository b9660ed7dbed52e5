import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { isConfined, mayReach, type Principal } from "../../kernel/principal.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { Context } from "../../registry/context.ts";
import { bucket, bucketsMax } from "../../registry/environment.ts";

/** Which part of the traffic is asked about. */
export const placeInput = {
  environment: z.string().max(50).optional(),
  bucket: z.string().max(50).optional(),
};

/** The buckets that a call is about: of those the caller may see, those asked for. */
export type View = {
  /** Ids, which captured exchanges are about. */
  readonly subjects: readonly string[];
  /** Names. */
  readonly environment: string | undefined;
  readonly buckets: readonly string[] | undefined;
  /** Names of all buckets that a confined caller may see; undefined = every one there is. */
  readonly seen: ReadonlySet<string> | undefined;
};

/** The environment that is asked for, or the caller's own. @throws Failure forbidden for another than the caller's own */
export function environmentOf(
  { confines: { environment: own } }: Principal,
  asked: string | undefined,
): string | undefined {
  if (own === undefined || asked === undefined || asked === own) return own ?? asked;
  throw new Failure("forbidden", `This credential is confined to the environment ${own}.`, {
    pointer: "/environment",
    allowed: [own],
    hint: "Leave environment out, or use a credential of that environment.",
  });
}

/**
 * @throws Failure forbidden for another environment than the caller's own; invalid for an environment or bucket that is not
 * there, or not for this caller, which is told alike
 */
export async function viewOf(
  { unit, principal }: Pick<Context, "unit" | "principal">,
  asked: { readonly environment?: string | undefined; readonly bucket?: string | undefined },
): Promise<View> {
  const environment = environmentOf(principal, asked.environment);
  const rows = await unit.find(bucket, {
    limit: bucketsMax,
    ...(environment !== undefined && { where: { within: environment } }),
  });
  const places = rows.map(({ id, value }) => ({ id, environment: value.environment, bucket: value.name }));
  const visible = places.filter((place) => mayReach(principal, place));
  const seen = isConfined(principal) ? new Set(visible.map((place) => place.bucket)) : undefined;
  if (asked.bucket === undefined) {
    if (
      visible.length === 0 &&
      asked.environment !== undefined &&
      principal.confines.environment === undefined
    )
      throw none("environment", asked.environment, []);
    return { subjects: visible.map(({ id }) => id), environment, buckets: principal.confines.buckets, seen };
  }
  const chosen = visible.filter((place) => place.bucket === asked.bucket);
  if (chosen.length === 0)
    throw none("bucket", asked.bucket, [...new Set(visible.map((place) => place.bucket))]);
  return { subjects: chosen.map(({ id }) => id), environment, buckets: [asked.bucket], seen };
}

function none(what: "bucket" | "environment", name: string, there: readonly string[]): Failure {
  return new Failure("invalid", `There is no ${what} ${quoted(name)} here.`, {
    pointer: `/${what}`,
    ...(there.length > 0 && { allowed: there.toSorted() }),
    hint: "list_environments and list_buckets show what there is.",
  });
}
