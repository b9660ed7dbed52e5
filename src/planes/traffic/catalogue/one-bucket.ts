import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { bucket, bucketsMax } from "../../../registry/environment.ts";
import { viewOf } from "../view.ts";

/** A bucket, by id and by names. */
export type OneBucket = { readonly id: string; readonly environment: string; readonly name: string };

/**
 * The one bucket that is asked about: where none is named `default` of `production`, or of the caller's own environment, or
 * the only one that the caller sees there.
 *
 * @throws Failure as `viewOf` says; invalid at `/bucket` when it is not clear which
 */
export async function oneBucket(
  context: Pick<Context, "unit" | "principal">,
  asked: { readonly environment?: string | undefined; readonly bucket?: string | undefined },
): Promise<OneBucket> {
  const environment = asked.environment ?? context.principal.confines.environment ?? "production";
  const view = await viewOf(context, { ...asked, environment });
  const rows = await context.unit.find(bucket, { limit: bucketsMax, where: { within: environment } });
  const seen = rows.filter(({ id }) => view.subjects.includes(id));
  const only = seen.length === 1 ? seen[0] : seen.find(({ value }) => value.name === "default");
  if (only !== undefined) return { id: only.id, environment, name: only.value.name };
  throw new Failure("invalid", "Say which bucket.", {
    pointer: "/bucket",
    allowed: seen.map(({ value }) => value.name).toSorted(),
  });
}
