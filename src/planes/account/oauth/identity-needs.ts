import type { IdentityNeeds, LimitedUse } from "../../../engines/identity/identity.ts";
import { newId } from "../../../kernel/id.ts";
import type { Engines } from "../../../registry/engines.ts";
import { readThrough } from "../../../registry/read-through.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { user } from "../people/user.ts";
import { securityNotes, type SecurityNotes } from "../security-note.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * How often, in which time: from one address, and from all. A registration that is not approved is kept for a day, so there
 * are never more than 5,000 of those.
 */
const limits: Readonly<
  Record<LimitedUse, { readonly one: number; readonly all: number; readonly windowMs: number }>
> = {
  register: { one: 50, all: 200, windowMs: hourMs },
  document: { one: 30, all: 300, windowMs: minuteMs },
  authorize: { one: 120, all: 1_200, windowMs: minuteMs },
  "device-code": { one: 10, all: 100, windowMs: minuteMs },
};

/** The command line, which any machine of a person may be. */
export const commandLine = {
  id: "sluice-cli",
  name: "Sluice command line",
  redirectUris: ["http://127.0.0.1/callback", "http://localhost/callback"],
};

/**
 * What this product's authorization server is for: MCP, where the operations are that may be called there, and REST. `stop`
 * writes what was counted of it, once nobody is let in any more.
 */
export function identityNeeds({
  store,
  vault,
  outbound,
  counters,
  clock,
  log,
  settings,
  catalogue,
}: Omit<Engines, "identity">): IdentityNeeds & Pick<SecurityNotes, "stop"> {
  const { note, stop } = securityNotes({ store, clock, log });
  const operations = [...catalogue.operations.values()];
  const scopesOf = (all: typeof operations): readonly string[] => [...new Set(all.map(({ scope }) => scope))];
  // Keys outlast the connection that made them, and members let others in: no client of others may do that for people.
  const lasting = scopesOf(operations.filter(({ reach, effect }) => reach === "people" && effect !== "read"));
  const overMcp = scopesOf(operations.filter(({ reach }) => reach === "everywhere"));
  return {
    stop,
    clock,
    store: bounded(store),
    vault,
    log,
    workspace: serverScope,
    send: outbound.send,
    issuer: () => settings.publicUrl,
    resources: [
      { path: "/mcp", scopes: overMcp, reserved: [] },
      { path: "/api/mcp", scopes: overMcp, reserved: [] },
      { path: "/api/v1", scopes: scopesOf(operations), reserved: lasting },
    ],
    clients: [commandLine],
    knows: async (id) => (await store.records.get(serverScope, user.kind, id)) !== undefined,
    async may(use, remoteAddress) {
      const { one, all, windowMs } = limits[use];
      const own = await counters.hit(`oauth/${use}/${remoteAddress}`, one, windowMs);
      // Who is over their own limit must not use up what others have.
      return own.allowed && (await counters.hit(`oauth/${use}`, all, windowMs)).allowed;
    },
    accepted({ id, name, from }, remoteAddress) {
      note({ operation: "client_accepted", reason: from, remoteAddress, detail: { client: id, name } });
    },
    async ended({ id, account, realm, client }, how) {
      await store.commit({
        workspace: realm,
        at: clock.now(),
        actor: how === "replayed" ? { kind: "system", id: "oauth" } : { kind: "user", id: account },
        operation: "disconnect_client",
        records: [],
        entries: [],
        outbox: [],
        audit: { id: newId("aud"), subjects: [id, account], detail: { how, client: client.name } },
      });
    },
  };
}

/** Whoever asks is kept waiting: what the store does not answer in time is `unavailable`. */
function bounded({ entries, commit, onChange, feed }: Engines["store"]): IdentityNeeds["store"] {
  return {
    commit,
    onChange,
    feed,
    entries: {
      get: (...of) => readThrough(() => entries.get(...of)),
      list: (...of) => readThrough(() => entries.list(...of)),
    },
  };
}
