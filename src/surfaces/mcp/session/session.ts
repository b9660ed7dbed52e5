import { z } from "zod";
import { newId } from "../../../kernel/id.ts";
import type { Principal } from "../../../kernel/principal.ts";
import type { Engines } from "../../../registry/engines.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { RpcError } from "../json-rpc.ts";
import type { Guest } from "../reception.ts";
import type { Narrowing } from "../view.ts";
import { gone, writeEntries, type Owner } from "./entry-writer.ts";
import { sessionUses, type Place } from "./session-use.ts";

/** Then the client begins a new one, whatever it does. */
export const sessionMs = 7 * 24 * 3_600_000;
/** Of one credential; beyond it the one that has been idle longest ends. */
const sessionsMax = 200;
const capabilitiesLengthMax = 2_000;
const nameLengthMax = 200;

const Agreed = z.object({
  /** The revision that `initialize` was answered with. */
  version: z.string(),
  client: z.object({ name: z.string(), version: z.string() }),
  capabilities: z.record(z.string(), z.json()),
  /** What the connection was narrowed to when it began, which holds throughout it. */
  narrowing: z.object({
    readOnly: z.boolean(),
    toolsets: z.union([z.array(z.string()), z.literal("all")]).nullable(),
    workspace: z.string().nullable().default(null),
  }),
});
const Stored = Agreed.extend({ createdAt: z.int() });

/** What both sides agreed on at the beginning. */
export type Agreed = z.output<typeof Agreed>;

export type Session = z.output<typeof Stored> & {
  readonly id: string;
  /** Where what belongs to it is kept: in the workspace that it is narrowed to, if it is. */
  readonly owner: Owner;
  /** The workspace whose documents it can follow; that of a person with several is none of theirs. */
  readonly follows: string;
};

/** Sessions live in the store alone, so that every node serves them and their end is known to all. */
export type Sessions = {
  /** undefined for a principal without any workspace: there is nothing that it could do in a session. */
  begin(principal: Principal, agreed: Agreed): Promise<Session | undefined>;
  /**
   * The session, which was then used; every credential has its own.
   *
   * @throws SessionLost when this credential has no such session (any more), or asks for another workspace than it did
   */
  find(guest: Pick<Guest, "principal" | "narrowing">, id: string): Promise<Session>;
  /** Ids of those that were not ended; idle ones may be among them. */
  live(principal: Principal): Promise<ReadonlySet<string>>;
  /** A stream that is open keeps its session from being idle. */
  use(principal: Principal, id: string): Promise<void>;
  end(principal: Principal, id: string): Promise<void>;
};

/** The client is to begin anew. Says the same whether it ended, expired, was another's or never was. */
export class SessionLost extends RpcError {
  constructor() {
    super(-32_001, "Session not found");
    this.name = "SessionLost";
  }
}

/** What a client says of itself, cut to what is kept. */
export function agreedWith(
  params: Readonly<Record<string, unknown>> | undefined,
  version: string,
  { readOnly, toolsets, workspace }: Narrowing,
): Agreed {
  const said = InitializeParams.parse(params ?? {});
  return {
    version,
    client: {
      name: said.clientInfo.name.slice(0, nameLengthMax),
      version: said.clientInfo.version.slice(0, nameLengthMax),
    },
    capabilities: JSON.stringify(said.capabilities).length > capabilitiesLengthMax ? {} : said.capabilities,
    narrowing: {
      readOnly,
      workspace,
      toolsets: toolsets === null || toolsets === "all" ? toolsets : [...toolsets],
    },
  };
}

const InitializeParams = z.object({
  clientInfo: z
    .object({ name: z.string().catch(""), version: z.string().catch("") })
    .catch({ name: "", version: "" }),
  capabilities: z.record(z.string(), z.json()).catch({}),
});

/**
 * Two entries each: what was agreed, which ends with the session, and when it was last used, which ends when it is idle.
 * A note of use that comes late revives nothing.
 */
export function storedSessions(engines: Pick<Engines, "store" | "clock" | "log">): Sessions {
  const { store, clock } = engines;
  const uses = sessionUses(engines);

  function remove(place: Place, id: string): Promise<void> {
    return writeEntries(engines, place.owner, [
      gone(place.collection, id, clock.now()),
      uses.over(place, id),
    ]);
  }

  /** Ends the one that has been idle longest when there is no room for another. */
  async function makeRoom(place: Place): Promise<void> {
    const { collection, owner } = place;
    const sessions = await store.entries.list(owner.workspace, collection, sessionsMax);
    if (sessions.length < sessionsMax) return;
    const usedUntil = await uses.until(place, listMax);
    const [idlest] = sessions.toSorted((a, b) => (usedUntil.get(a.key) ?? 0) - (usedUntil.get(b.key) ?? 0));
    if (idlest !== undefined) await remove(place, idlest.key);
  }

  return {
    async begin(principal, agreed) {
      const place = placeOf(principal);
      if (place === undefined) return undefined;
      await makeRoom(place);
      const { owner, collection } = place;
      const [id, createdAt] = [newId("mcp"), clock.now()];
      const value = { ...boundTo(principal, agreed), createdAt };
      const expiresAt = createdAt + sessionMs;
      await writeEntries(engines, owner, [
        { collection, key: id, value, expiresAt, mustBeNew: true },
        uses.begun(place, id),
      ]);
      return sessionOf(value, id, { principal, owner });
    },
    async find({ principal, narrowing }, id) {
      const place = placeOf(principal);
      if (place === undefined || !idPattern.test(id)) throw new SessionLost();
      const { owner, collection } = place;
      const stored = await store.entries.get(owner.workspace, collection, id);
      if (stored === undefined || !(await uses.isRecent(place, id))) throw new SessionLost();
      const value = Stored.parse(stored);
      if (!isFor(principal, value, narrowing.workspace)) throw new SessionLost();
      return sessionOf(value, id, { principal, owner });
    },
    async live(principal) {
      const place = placeOf(principal);
      if (place === undefined) return new Set();
      const sessions = await store.entries.list(place.owner.workspace, place.collection, listMax);
      return idsOf(principal, sessions);
    },
    async use(principal, id) {
      const place = placeOf(principal);
      if (place !== undefined) await uses.isRecent(place, id);
    },
    async end(principal, id) {
      const place = placeOf(principal);
      if (place === undefined) return;
      await remove(place, id);
    },
  };
}

function idsOf(
  principal: Principal,
  stored: readonly { readonly key: string; readonly value: unknown }[],
): ReadonlySet<string> {
  const own = stored.filter(({ value }) => isAllowed(principal, Stored.parse(value)));
  return new Set(own.map(({ key }) => key));
}

/** For a transport whose sessions begin before the client says what it is. */
export async function agreeLate(
  principal: Principal,
  { id, createdAt }: Session,
  agreed: Agreed,
  engines: Pick<Engines, "store" | "clock">,
): Promise<void> {
  const place = placeOf(principal);
  if (place === undefined) return;
  const { owner, collection } = place;
  const value = { ...agreed, createdAt };
  await writeEntries(engines, owner, [
    { collection, key: id, value, expiresAt: createdAt + sessionMs, mustBeNew: false },
  ]);
}

const idPattern = /^mcp_\w{22}$/;
/** Several nodes may each have begun one beyond the maximum. */
const listMax = 1_000;

/** Whoever was put out of the workspace, or asks for another, is to begin anew. */
function isFor({ workspaces }: Principal, { narrowing }: Agreed, asked: string | null): boolean {
  const { workspace } = narrowing;
  if (workspace !== null)
    return isAllowed({ workspaces }, { narrowing }) && (asked ?? workspace) === workspace;
  return asked === null || workspaces.size === 1;
}

function isAllowed(
  { workspaces }: Pick<Principal, "workspaces">,
  { narrowing }: Pick<Agreed, "narrowing">,
): boolean {
  return narrowing.workspace === null || workspaces.has(narrowing.workspace);
}

/**
 * A person's session that begins when they have one workspace is narrowed to it: what needs no choice of a workspace goes
 * on needing none when they gain another, and ends when they lose this one.
 */
function boundTo(principal: Principal, agreed: Agreed): Agreed {
  const workspace = agreed.narrowing.workspace ?? onlyOf(principal) ?? null;
  if (principal.actor.kind !== "user") return agreed;
  return { ...agreed, narrowing: { ...agreed.narrowing, workspace } };
}

function sessionOf(
  value: z.output<typeof Stored>,
  id: string,
  { principal, owner: { workspace, actor } }: { readonly principal: Principal; readonly owner: Owner },
): Session {
  const { workspace: own } = value.narrowing;
  const owner = { workspace: own ?? workspace, actor };
  return { ...value, id, owner, follows: own ?? onlyOf(principal) ?? serverScope };
}

function onlyOf({ workspaces }: Principal): string | undefined {
  const [only, ...more] = workspaces.keys();
  return more.length === 0 ? only : undefined;
}

/**
 * Where a request finds its session without repeating what it is narrowed to, whatever workspaces a person gains or loses
 * meanwhile: those of people belong to the whole server, others to the one workspace of their credential.
 */
function placeOf({ workspaces, actor, credential }: Principal): Place | undefined {
  const [first] = [...workspaces.keys()].toSorted();
  if (first === undefined) return undefined;
  const workspace = actor.kind === "user" ? serverScope : first;
  return { owner: { workspace, actor }, collection: `mcp_session/${credential.kind}/${credential.id}` };
}
