import type { StoredRecord } from "../../engines/store/store.ts";
import { Failure } from "../../kernel/failure.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Engines } from "../../registry/engines.ts";
import { liveRecords } from "../../registry/live-records.ts";
import { isStale, readThrough } from "../../registry/read-through.ts";
import { secretOwner } from "../../registry/resource.ts";
import { decodedRow } from "../../registry/unit.ts";
import { endpoint, type EndpointRow } from "./endpoint.ts";
import type { Provider } from "./provider.ts";
import { providers } from "./providers.ts";
import { rate } from "./rate.ts";
import { configured } from "./verification-settings.ts";

/** An endpoint as traffic needs it: decoded once per change, secrets in the clear only here. */
export type LiveEndpoint = {
  readonly id: string;
  readonly workspace: string;
  readonly settings: EndpointRow["value"];
  /** The preset with the endpoint's own settings; undefined = requests are not verified. */
  readonly provider: Provider | undefined;
  /** Newest first; the second only while `previousUntil` lies ahead. */
  verificationSecrets(now: number): readonly Secret[];
  readonly verifyToken: Secret | undefined;
  readonly deliverySecret: Secret | undefined;
  readonly target: URL;
};

/** A Failure unavailable is one that the sender is told; undefined = there is no such endpoint. */
export type Found = LiveEndpoint | Failure | undefined;

export type LiveEndpoints = {
  /**
   * At once from memory, unless changes made elsewhere may not have come for a while: then from the store itself. What
   * memory does not have may have been made elsewhere a moment ago: of such, up to 100 a second are looked up.
   */
  byToken(token: string): Found | Promise<Found>;
  /** From memory, else from the store: undefined = it was deleted. @throws Failure unavailable */
  find(workspace: string, id: string): Promise<LiveEndpoint | undefined>;
  all(): Iterable<LiveEndpoint>;
};

/** Of addresses that memory does not have: whoever guesses some is not to keep the store busy. */
const lookupsPerSecond = 100;

/** Every live endpoint in memory: changed synchronously by each commit of this process, by the store's feed for others. */
export async function liveEndpoints(engines: Engines): Promise<LiveEndpoints> {
  const { store } = engines;
  const kept = keptEndpoints(engines);
  await liveRecords(store, endpoint.kind, (stored) => kept.apply(stored));
  const lookups = rate(lookupsPerSecond, engines.clock);
  return {
    byToken(token) {
      if (isStale(store)) return fromStore(token, engines);
      const known = kept.byToken.get(token);
      const settled = known !== undefined || store.feed.silentMs() === 0 || lookups.take("") > 0;
      return settled ? known : fromStore(token, engines);
    },
    async find(workspace, id) {
      const known = kept.byId.get(id);
      if (known !== undefined) return known;
      const stored = await store.records.get(workspace, endpoint.kind, id);
      return stored === undefined ? undefined : liveEndpoint(decodedRow(endpoint, stored), engines);
    },
    all: () => kept.byId.values(),
  };
}

function keptEndpoints(engines: Engines) {
  const byToken = new Map<string, LiveEndpoint>();
  const byId = new Map<string, LiveEndpoint>();
  return {
    byToken,
    byId,
    apply(stored: StoredRecord): void {
      const earlier = byId.get(stored.id);
      if (earlier !== undefined) byToken.delete(earlier.settings.token);
      byId.delete(stored.id);
      if (stored.deletedAt !== null) return;
      const live = liveEndpoint(decodedRow(endpoint, stored), engines);
      byId.set(live.id, live);
      byToken.set(live.settings.token, live);
    },
  };
}

async function fromStore(token: string, engines: Engines): Promise<Found> {
  try {
    const stored = await readThrough(() => engines.store.records.byGlobalKey(endpoint.kind, "token", token));
    return stored === undefined ? undefined : liveEndpoint(decodedRow(endpoint, stored), engines);
  } catch (error) {
    if (error instanceof Failure && error.kind === "unavailable") return error;
    throw error;
  }
}

/** One endpoint ready for traffic. */
export function liveEndpoint(row: EndpointRow, { vault }: Pick<Engines, "vault">): LiveEndpoint {
  const { id, workspace, value } = row;
  const open = (name: string): Secret | undefined => {
    const sealed = row.sealed[name];
    return sealed === undefined
      ? undefined
      : vault.open(sealed, secretOwner(workspace, endpoint.kind, id, name));
  };
  const preset = providers.find(({ name }) => name === value.provider);
  const current = open("verification");
  const previous = open("previous");
  return {
    id,
    workspace,
    settings: value,
    provider: preset && configured(preset, value.verification),
    verificationSecrets: (now) => [
      ...(current === undefined ? [] : [current]),
      ...(previous === undefined || (value.previousUntil ?? 0) <= now ? [] : [previous]),
    ],
    verifyToken: open("verify_token"),
    deliverySecret: open("delivery"),
    target: new URL(value.targetUrl),
  };
}
