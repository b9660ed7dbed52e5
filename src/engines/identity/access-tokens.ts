import { z } from "zod";
import { fingerprint } from "../../kernel/secret.ts";
import type { EntryPlace } from "./entry-place.ts";
import type { Grants } from "./grants.ts";
import type { AccessToken } from "./identity.ts";
import { collectionOf } from "./oidc-adapter.ts";

/** What another process revoked may be taken for good for so long. */
const trustedMs = 900;
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

export type AccessTokens = {
  find(text: string): Promise<AccessToken | undefined>;
  /** A grant or token was changed in this process: nothing found before is trusted any more. */
  forget(): void;
};

/**
 * Looks access tokens up. A client calls many times a second with one token, so what was found is trusted for 0.9 s, or until
 * a grant changes here; that another process revoked it is seen within a second.
 */
export function accessTokens(
  place: EntryPlace,
  { get }: Pick<Grants, "get">,
  clock: { now(): number },
): AccessTokens {
  const known = new Map<string, { readonly token: AccessToken; readonly foundAt: number }>();
  let changes = 0;

  async function look(key: string): Promise<AccessToken | undefined> {
    const found = Kept.safeParse(await place.get(collectionOf("AccessToken"), key));
    if (!found.success) return undefined;
    const { accountId, grantId, aud, scope, exp } = found.data;
    const grant = await get(grantId);
    if (grant === undefined || grant.account !== accountId) return undefined;
    const { account, realm, id, client, scopes, toolsets } = grant;
    const own = new Set(scope.split(" "));
    return {
      account,
      realm,
      client,
      grant: id,
      scopes: (scopes[aud] ?? []).filter((it) => own.has(it)),
      toolsets,
      audience: aud,
      expiresAt: exp * 1_000,
    };
  }

  return {
    async find(text) {
      const key = fingerprint(text);
      const now = clock.now();
      const cached = known.get(key);
      if (cached !== undefined && now - cached.foundAt < trustedMs && now < cached.token.expiresAt)
        return cached.token;
      known.delete(key);
      const changesBefore = changes;
      const token = await look(key);
      if (token === undefined || token.expiresAt <= now) return undefined;
      if (known.size >= knownMax) known.clear();
      // It may have been read before a change that was made since.
      if (changes === changesBefore) known.set(key, { token, foundAt: now });
      return token;
    },
    forget() {
      changes++;
      known.clear();
    },
  };
}
