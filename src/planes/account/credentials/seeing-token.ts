import type { Context } from "../../../registry/context.ts";
import { credential, unrevoked, type CredentialRow } from "./credential.ts";
import { unrevokedOf } from "./unrevoked.ts";

/**
 * An MCP token that works and names this bucket, which it would see under that name whenever it was made; undefined when
 * there is none. Another token that is made for the environment at the same moment is a conflict, on which the call decides
 * again.
 */
export async function seeingToken(
  { unit, now }: Pick<Context, "unit" | "now">,
  { environment, name }: { readonly environment: string; readonly name: string },
): Promise<CredentialRow | undefined> {
  const tokens = await unrevokedOf({ unit }, ["mcp-token"], { environment });
  unit.limit(credential, tokens.length, { ...unrevoked("mcp-token"), environment });
  return tokens.find(
    ({ value: { buckets, expiresAt } }) =>
      buckets?.includes(name) === true && (expiresAt === null || expiresAt > now),
  );
}
