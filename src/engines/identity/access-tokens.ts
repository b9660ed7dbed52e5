import { z } from "zod";
import { fingerprint } from "../../kernel/secret.ts";
import type { EntryPlace } from "./entry-place.ts";
import type { Grants } from "./grants.ts";
import type { AccessToken } from "./identity.ts";
import { collectionOf } from "./oidc-adapter.ts";

/** What was found is trusted for so long, unless it is told that it changed. */
const trustedMs = 60_000;
/** Where nobody may have been told for longer, nothing is trusted. */
const silenceMsMax = 2_000;
const knownMax = 10_000;

/** What oidc-provider keeps of an access token, as far as it says what that is good for. */
const Kept = z.object({
  kind: z.literal("AccessToken"),
  accountId: z.string(),
  grantId: z.string(),
  aud: z.string(),
  scope: z.string().default(""),
  exp: z.int(),
});

type Found = { readonly token: AccessToken; readonly grantUntil: number };

/**
 * Looks access tokens up. A client calls many times a second with one token, so what was found is trusted for a minute, or
 * until its grant or a token of it changes, which every process is told.
 */
export function accessTokens(
  place: EntryPlace,
  { get }: Pick<Grants, "get">,
  clock: { now(): number },
): (text: string) => Promise<AccessToken | undefined> {
  const known = new Map<string, { readonly token: AccessToken; readonly trustedUntil: number }>();
  let changes = 0;
  place.onTold((grant) => {
    changes++;
    for (const [key, { token }] of known) if (token.grant === grant) known.delete(key);
  });

  async function look(key: string): Promise<Found | undefined> {
    const found = Kept.safeParse(await place.get(collectionOf("AccessToken"), key));
    if (!found.success) return undefined;
    const { accountId, grantId, aud, scope, exp } = found.data;
    const grant = await get(grantId);
    if (grant === undefined || grant.account !== accountId) return undefined;
    const { account, realm, id, client, scopes, toolsets } = grant;
    const own = new Set(scope.split(" "));
    return {
      token: {
        account,
        realm,
        client,
        grant: id,
        scopes: (scopes[aud] ?? []).filter((it) => own.has(it)),
        toolsets,
        audience: aud,
        expiresAt: exp * 1_000,
      },
      grantUntil: grant.expiresAt,
    };
  }

  return async (text) => {
    const key = fingerprint(text);
    const now = clock.now();
    const cached = known.get(key);
    if (cached !== undefined && now < cached.trustedUntil && place.silentMs() <= silenceMsMax)
      return cached.token;
    known.delete(key);
    const changesBefore = changes;
    const { token, grantUntil = 0 } = (await look(key)) ?? {};
    if (token === undefined || token.expiresAt <= now) return undefined;
    if (known.size >= knownMax) known.clear();
    const trustedUntil = Math.min(now + trustedMs, token.expiresAt, grantUntil);
    // It may have been read before a change that was made since.
    if (changes === changesBefore) known.set(key, { token, trustedUntil });
    return token;
  };
}
