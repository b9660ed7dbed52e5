const dayMs = 86_400_000;

/** When records came in, and how long the plan keeps them. */
export type Times = { readonly receivedAt: number; readonly keepsDays: number };

/**
 * What is wrong with the moment of a record; undefined = nothing. What is older than what is kept would be removed at once,
 * and each day of it would need a place until then.
 */
export function untimely(startedAt: number, { receivedAt, keepsDays }: Times): string | undefined {
  if (startedAt > receivedAt + dayMs) return "it is over a day ahead of the server's clock";
  if (startedAt < receivedAt - keepsDays * dayMs)
    return `it is older than the ${keepsDays} days that traffic is kept`;
  return undefined;
}
