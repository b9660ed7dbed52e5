import type { Exchange } from "../../../kernel/exchange.ts";
import type { Context } from "../../../registry/context.ts";
import { routeOf } from "../fault.ts";
import type { RedactedValues, Sendable } from "./redacted-values.ts";
import { changesItsOrigin, type Versions } from "./replay-target.ts";
import { asWritten, isWhole } from "./replayable.ts";

/** A request that is to be sent to two versions. */
export type Sample = Sendable & {
  /** Why it cannot be sent; null = it can. */
  readonly unfit: string | null;
  /** Names of redacted values that are not given. */
  readonly needed: readonly string[];
};

/** At most `limit` of the requests, read with their content: one of each route in turn, and of each those first that come first. */
export async function samplesOf(
  rows: readonly Exchange[],
  limit: number,
  { ledger, workspace }: Context,
): Promise<readonly Exchange[]> {
  const found = await Promise.all(spread(rows, limit).map(async ({ id }) => ledger.get(workspace, { id })));
  // What has expired meanwhile is left out.
  return found.filter((exchange) => exchange !== undefined);
}

function spread(rows: readonly Exchange[], limit: number): readonly Exchange[] {
  const byRoute = [...Map.groupBy(rows, routeKeyOf).values()];
  const most = Math.max(0, ...byRoute.map(({ length }) => length));
  const turns = Array.from({ length: Math.min(most, limit) }, (_, n) => n);
  return turns.flatMap((n) => byRoute.flatMap((of) => of[n] ?? [])).slice(0, limit);
}

/** The method and route of a request, as one text. */
export function routeKeyOf(exchange: Exchange): string {
  return `${exchange.method} ${routeOf(exchange)}`;
}

/** The request as it would be sent to both, or why it cannot be. */
export function sampleOf(exchange: Exchange, between: Versions, values: RedactedValues): Sample {
  const one = { exchange, request: asWritten(exchange) };
  const needed = values.missingFrom(one);
  return { ...one, needed, unfit: unfitness(exchange, between, needed) };
}

function unfitness(exchange: Exchange, between: Versions, needed: readonly string[]): string | null {
  if (Object.values(between).some((target) => changesItsOrigin(exchange, target)))
    return "it would change something at the server that it was captured at";
  if (!isWhole(exchange)) return "its body was not kept as a whole";
  return needed.length > 0 ? "values were redacted: give them by their names" : null;
}
