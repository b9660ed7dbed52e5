import { z } from "zod";
import { newId } from "../../kernel/id.ts";
import { entry, noEntry, type Entry, type EntryPlace } from "./entry-place.ts";
import { grantDays, idleDays, type Approval, type Client, type Grant } from "./identity.ts";

/** Grants as they are kept: the grant itself, its last use and its view apart from it, and its id under its account and its realm. */
export type Grants = {
  get(id: string): Promise<Grant | undefined>;
  list(of: { readonly account: string } | { readonly realm: string }): Promise<readonly Grant[]>;
  /** Makes one, or sets the scopes at this resource of the one that account, realm and client have; answers its id. */
  approve(client: Client, approval: Approval, resource: string): Promise<string>;
  /** Sets what its client is shown; undefined when it is over. */
  show(id: string, toolsets: readonly string[]): Promise<Grant | undefined>;
  /** A token was issued from it. */
  renew(id: string): Promise<void>;
  /** What was revoked; undefined when it was gone already. */
  revoke(id: string): Promise<Grant | undefined>;
};

const dayMs = 24 * 60 * 60 * 1000;
const grantMs = grantDays * dayMs;
const idleMs = idleDays * dayMs;

const collection = "oauth_grant";
const useCollection = "oauth_grant_use";
const viewCollection = "oauth_grant_view";
const byAccount = (account: string): string => `oauth_grants_of_account/${account}`;
const byRealm = (realm: string): string => `oauth_grants_of_realm/${realm}`;

const Kept = z.object({
  account: z.string(),
  realm: z.string(),
  client: z.object({
    id: z.string(),
    name: z.string(),
    uri: z.string().nullable(),
    from: z.enum(["document", "registered", "built-in"]),
  }),
  scopes: z.record(z.string(), z.array(z.string())),
  createdAt: z.int(),
  approvedAt: z.int(),
});
const Used = z.object({ at: z.int() });
const Shown = z.object({ toolsets: z.array(z.string()) });

/**
 * A grant is live while it and its last use are there. Issuing tokens writes the last use alone, and choosing what is shown
 * the view alone, so that neither can bring back what is revoked at the same moment.
 */
export function grantsIn(place: EntryPlace, clock: { now(): number }): Grants {
  async function get(id: string): Promise<Grant | undefined> {
    const [kept, used, shown] = await Promise.all(
      [collection, useCollection, viewCollection].map((name) => place.get(name, id)),
    );
    if (kept === undefined || used === undefined) return undefined;
    const it = Kept.parse(kept);
    const { at: renewedAt } = Used.parse(used);
    const toolsets = shown === undefined ? null : Shown.parse(shown).toolsets;
    const expiresAt = Math.min(renewedAt + idleMs, it.approvedAt + grantMs);
    return { id, ...it, toolsets, renewedAt, expiresAt };
  }

  async function list(of: Parameters<Grants["list"]>[0]): Promise<readonly Grant[]> {
    const listed = await place.list("account" in of ? byAccount(of.account) : byRealm(of.realm));
    const found = await Promise.all(listed.map(({ key }) => get(key)));
    return found.filter((it) => it !== undefined).toSorted((a, b) => b.approvedAt - a.approvedAt);
  }

  return {
    get,
    list,
    async approve({ id: clientId, name, uri, from }, { account, realm, scopes, toolsets }, resource) {
      const now = clock.now();
      const earlier = (await list({ account })).find((it) => it.client.id === clientId && it.realm === realm);
      const id = earlier?.id ?? newId("con");
      const value = {
        account,
        realm,
        client: { id: clientId, name, uri, from },
        scopes: { ...earlier?.scopes, [resource]: [...scopes] },
        createdAt: earlier?.createdAt ?? now,
        approvedAt: now,
      };
      const expiresAt = now + grantMs;
      const shown = toolsets ?? earlier?.toolsets ?? null;
      await place.putTelling(
        id,
        ...(shown === null ? [] : [view(id, shown, expiresAt)]),
        entry(collection, id, value, expiresAt),
        use(id, now),
        ...listedUnder({ account, realm }).map((under) => entry(under, id, {}, expiresAt)),
      );
      return id;
    },
    async renew(id) {
      await place.put(use(id, clock.now()));
    },
    async show(id, toolsets) {
      const grant = await get(id);
      if (grant === undefined) return undefined;
      await place.putTelling(id, view(id, toolsets, grant.approvedAt + grantMs));
      return { ...grant, toolsets };
    },
    async revoke(id) {
      const grant = await get(id);
      if (grant === undefined) return undefined;
      await place.putTelling(id, ...everywhere(grant).map((it) => noEntry(it, id)));
      return grant;
    },
  };
}

function listedUnder({ account, realm }: Pick<Grant, "account" | "realm">): readonly string[] {
  return [byAccount(account), byRealm(realm)];
}

/** Collections with an entry of it. */
function everywhere(grant: Grant): readonly string[] {
  return [collection, useCollection, viewCollection, ...listedUnder(grant)];
}

function use(id: string, at: number): Entry {
  return entry(useCollection, id, { at }, at + idleMs);
}

function view(id: string, toolsets: readonly string[], expiresAt: number): Entry {
  return entry(viewCollection, id, { toolsets: [...toolsets] }, expiresAt);
}
