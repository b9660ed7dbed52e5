import Provider, { errors, type Adapter, type AdapterPayload } from "oidc-provider";
import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { fingerprint, Secret } from "../../kernel/secret.ts";
import { entry, noEntry, type EntryPlace } from "./entry-place.ts";
import type { Grants } from "./grants.ts";
import { refreshGraceMs, unusedClientMs, type IdentityNeeds } from "./identity.ts";

/** Where the authorization server keeps what it makes. */
export type Kept = {
  readonly place: EntryPlace;
  readonly grants: Grants;
  readonly clock: { now(): number };
  readonly vault: IdentityNeeds["vault"];
  readonly ended: IdentityNeeds["ended"];
};

export function collectionOf(model: string): string {
  return `oauth/${model}`;
}

const Payload = z.custom<AdapterPayload>((value) => typeof value === "object" && value !== null);
const UsedAt = z.object({ at: z.int() });
const Pointer = z.object({ id: z.string() });

/**
 * Keeps each model of oidc-provider in a collection of its own. What is a secret by its id, such as a token, is kept under
 * the SHA-256 of it; secrets of clients are sealed. A token is good only as long as its grant is there, so a revoked grant
 * needs no list of its tokens.
 */
export function adapterOver(kept: Kept): (model: string) => Adapter {
  return (model) =>
    model === "Grant"
      ? grantAdapter(kept)
      : model === "Client"
        ? clientAdapter(kept)
        : tokenAdapter(model, kept);
}

function tokenAdapter(model: string, kept: Kept): Adapter {
  const { place, grants, clock, vault } = kept;
  const collection = collectionOf(model);
  const used = `oauth_used/${model}`;
  const byUserCode = "oauth_user_code";
  const keyOf = fingerprint;

  async function find(id: string): Promise<AdapterPayload | undefined> {
    const key = keyOf(id);
    const [found, usedAt] = await Promise.all([place.get(collection, key), place.get(used, key)]);
    if (found === undefined) return undefined;
    const payload = { ...Payload.parse(found), jti: id };
    if (usedAt === undefined) return payload;
    const { at } = UsedAt.parse(usedAt);
    const inGrace = model === "RefreshToken" && clock.now() - at < refreshGraceMs;
    return inGrace ? payload : { ...payload, consumed: Math.floor(at / 1_000) };
  }

  return {
    find,
    async upsert(id, { jti: _secret, ...payload }, expiresIn = 0) {
      const expiresAt = clock.now() + expiresIn * 1_000;
      const { userCode, grantId } = payload;
      const pointer =
        userCode === undefined
          ? []
          : [entry(byUserCode, keyOf(userCode), { id: vault.seal(new Secret(id), byUserCode) }, expiresAt)];
      await place.put(entry(collection, keyOf(id), payload, expiresAt), ...pointer);
      if (model === "RefreshToken" && grantId !== undefined) await grants.renew(grantId);
    },
    async findByUserCode(userCode) {
      const pointer = await place.get(byUserCode, keyOf(userCode));
      if (pointer === undefined) return undefined;
      return find(vault.open(Pointer.parse(pointer).id, byUserCode).reveal());
    },
    findByUid: () => Promise.resolve(undefined),
    async consume(id) {
      const key = keyOf(id);
      const payload = Payload.safeParse(await place.get(collection, key));
      if (!payload.success) return;
      const expiresAt = (payload.data.exp ?? 0) * 1_000;
      try {
        await place.put({ ...entry(used, key, { at: clock.now() }, expiresAt), mustBeNew: true });
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== "conflict") throw error;
        // Used twice at one moment: within its grace a refresh token may be, and nothing else.
        if (model === "RefreshToken") return;
        if (payload.data.grantId !== undefined) await endGrant(kept, payload.data.grantId);
        throw new errors.InvalidGrant("already used");
      }
    },
    async destroy(id) {
      const key = keyOf(id);
      // What lives for minutes is remembered by nobody.
      const found = model === "AccessToken" ? Payload.safeParse(await place.get(collection, key)) : undefined;
      const grant = found?.data?.grantId;
      if (grant === undefined) await place.put(noEntry(collection, key));
      else await place.putTelling(grant, noEntry(collection, key));
    },
    async revokeByGrantId(id) {
      // Asked of every model, of which one is enough.
      if (model === "AccessToken") await endGrant(kept, id);
    },
  };
}

async function endGrant({ grants, ended }: Pick<Kept, "grants" | "ended">, id: string): Promise<void> {
  const how = Provider.ctx?.oidc.route === "revocation" ? "given back" : "replayed";
  // All machines of a person share it: one that gives its tokens back ends those alone.
  if (how === "given back" && (await grants.get(id))?.client.from === "built-in") return;
  const grant = await grants.revoke(id);
  if (grant !== undefined) await ended(grant, how);
}

const clientCollection = collectionOf("Client");
const secretOwner = (id: string): string => `server/oauth_client/${id}/secret`;

function clientAdapter({ place, clock, vault }: Kept): Adapter {
  return {
    ...unneeded("Client"),
    async upsert(id, { client_secret: secret, ...payload }) {
      const sealed = secret === undefined ? {} : { sealed: vault.seal(new Secret(secret), secretOwner(id)) };
      await place.put(entry(clientCollection, id, { ...payload, ...sealed }, clock.now() + unusedClientMs));
    },
    async find(id) {
      const found = await place.get(clientCollection, id);
      if (found === undefined) return undefined;
      const { sealed, ...payload } = z.looseObject({ sealed: z.string().optional() }).parse(found);
      const secret =
        sealed === undefined ? {} : { client_secret: vault.open(sealed, secretOwner(id)).reveal() };
      return Payload.parse({ ...payload, ...secret });
    },
    async destroy(id) {
      await place.put(noEntry(clientCollection, id));
    },
  };
}

/** A client that somebody approved is kept as long as the grant may be. */
export async function keepClient({ place }: Pick<Kept, "place">, id: string, untilMs: number): Promise<void> {
  const found = await place.get(clientCollection, id);
  if (found !== undefined) await place.put(entry(clientCollection, id, found, untilMs));
}

/** Grants are written by who approves them and end by their tokens: of oidc-provider they are read alone. */
function grantAdapter({ grants }: Kept): Adapter {
  return {
    ...unneeded("Grant"),
    async find(id) {
      const grant = await grants.get(id);
      if (grant === undefined) return undefined;
      const resources = Object.entries(grant.scopes).map(([resource, scopes]) => [
        resource,
        scopes.join(" "),
      ]);
      return {
        kind: "Grant",
        jti: id,
        iat: Math.floor(grant.approvedAt / 1_000),
        exp: Math.floor(grant.expiresAt / 1_000),
        accountId: grant.account,
        clientId: grant.client.id,
        openid: { scope: "openid offline_access" },
        resources: Object.fromEntries(resources),
      };
    },
    destroy: () => Promise.resolve(),
  };
}

/** What oidc-provider never asks of a model. */
function unneeded(model: string): Adapter {
  const never = (): never => {
    throw new Error(`${model} is not kept this way`);
  };
  const all = { upsert: never, find: never, findByUserCode: never, findByUid: never };
  return { ...all, consume: never, destroy: never, revokeByGrantId: never };
}
