import assert from "node:assert/strict";
import { createSecretKey, hash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { zstdDecompressSync } from "node:zlib";
import { databases } from "../src/engines/databases.ts";
import { oidcIdentity } from "../src/engines/identity/oidc.ts";
import { parseCidrs } from "../src/engines/outbound/address.ts";
import type { Outbound, OutboundRequest } from "../src/engines/outbound/outbound.ts";
import { ownListeners } from "../src/engines/outbound/own-listeners.ts";
import { undiciOutbound } from "../src/engines/outbound/undici.ts";
import { keyRingVault } from "../src/engines/vault/key-ring.ts";
import type { Clock } from "../src/kernel/clock.ts";
import { newId } from "../src/kernel/id.ts";
import type { Principal, Scope } from "../src/kernel/principal.ts";
import { Secret } from "../src/kernel/secret.ts";
import { identityNeeds } from "../src/planes/account/oauth/identity-needs.ts";
import { authenticator, credentialReader } from "../src/planes/account/authenticate.ts";
import { securityNotes } from "../src/planes/account/security-note.ts";
import { liveMembers } from "../src/planes/account/people/live-members.ts";
import { planes } from "../src/planes/planes.ts";
import { catalogueOf } from "../src/registry/catalogue.ts";
import type { Authenticate, Credentials } from "../src/registry/credentials.ts";
import type { Engines } from "../src/registry/engines.ts";
import type { Caller } from "../src/registry/invoke.ts";
import { plainChange } from "../src/registry/plain-change.ts";
import type { Operation } from "../src/registry/operation.ts";
import { bucket, firstPlaces } from "../src/registry/environment.ts";
import { selfHosted } from "../src/registry/workspace.ts";

export type SettableClock = Clock & { advance(ms: number): void };

/** Rows written, altered or removed, by what they are: a record's kind, `entry:` and a collection, else the table. */
export type Left = Readonly<Record<string, number>>;

/** The real engines over a temporary folder, with a clock that moves when told to. No courier and no runner is at work. */
export type World = {
  /** Where everything is stored. */
  readonly folder: string;
  readonly engines: Engines;
  readonly clock: SettableClock;
  /** The lines of the operational log. */
  readonly log: readonly string[];
  /** What was handed to outbound to send, in order. */
  readonly sends: readonly OutboundRequest[];
  /** A workspace that nothing is in yet; answers its id. */
  newWorkspace(): Promise<string>;
  /** What was left behind since the last mark, or since the world was opened. */
  mark(): void;
  leftBehind(): Left;
  /** Everything that is stored, as text: what is kept nowhere is not in it. */
  dump(): string;
  /** The same twice = nobody has committed anything in between. */
  commits(): string;
  /** Of every row of every table: the same twice = nothing was written in between, not even by half. */
  fingerprint(): string;
  close(): Promise<void>;
};

/**
 * Loopback may be reached. Names resolve without a name server, and sending to one is a mistake of the test. With the URL of a
 * PostgreSQL, all is stored there, and what is looked for in files, such as what was left behind, is not found.
 */
export async function openWorld(url: string | null = null): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-world-"));
  const clock = settableClock(Date.UTC(2026, 10, 20, 12));
  const log: string[] = [];
  const open = url === null ? databases.sqlite : databases.postgres;
  const { close, ...database } = await open({
    folder,
    url: url === null ? null : new Secret(url),
    clock,
    version: "0.0.0",
    log: (line: string) => void log.push(line),
  });
  const { outbound, sends } = recorded(
    undiciOutbound({
      allow: parseCidrs("127.0.0.0/8"),
      own: ownListeners(),
      clock,
      lookup: async (name) => (name.endsWith(".invalid") ? [] : ["93.184.215.14"]),
    }),
  );
  const mechanisms: Omit<Engines, "identity"> = {
    ...database,
    clock,
    outbound,
    vault: keyRingVault({ current: createSecretKey(randomBytes(32)), older: [] }),
    log: (line) => void log.push(line),
    federation: null,
    catalogue: catalogueOf(planes),
    settings: {
      publicUrl: "https://sluice.example",
      echoUrl: "https://sluice.example/echo",
      ingestRate: 0,
      replayTargets: [],
    },
  };
  const engines: Engines = { ...mechanisms, identity: oidcIdentity(identityNeeds(mechanisms)) };
  const files = (await readdir(folder)).filter((name) => name.endsWith(".db"));
  const readers = files.map((name) => new DatabaseSync(join(folder, name), { readOnly: true }));
  const prints = readers.map(fingerprinting);
  const versions = readers.map((reader) => reader.prepare("pragma data_version"));
  let before = rowsIn(readers);
  return {
    folder,
    engines,
    clock,
    log,
    sends,
    newWorkspace: () => newWorkspace(engines),
    mark() {
      before = rowsIn(readers);
    },
    leftBehind: () => difference(before, rowsIn(readers)),
    dump: () => readers.map(textOf).join("\n"),
    commits: () => versions.map((version) => version.get()?.["data_version"]).join(),
    fingerprint: () => prints.map((print) => print()).join(),
    async close() {
      for (const reader of readers) reader.close();
      await outbound.close();
      await close();
      await rm(folder, { recursive: true });
    },
  };
}

export function principalOf(workspace: string, scopes: readonly Scope[] | "all"): Principal {
  return {
    workspaces: new Map([[workspace, scopes === "all" ? "all" : new Set(scopes)]]),
    actor: { kind: "key", id: "key_test" },
    credential: { kind: "api-key", id: "key_test" },
    confines: {},
    toolsets: ["webhooks"],
  };
}

/** Who may call an operation: a credential of the workspace, or for what is of a person a user signed in. */
export function principalFor(
  { of }: Pick<Operation, "of">,
  workspace: string,
  scopes: readonly Scope[] | "all",
): Principal {
  const principal = principalOf(workspace, scopes);
  if (of === "workspace") return principal;
  const id = `usr_of_${workspace}`;
  return { ...principal, actor: { kind: "user", id }, credential: { kind: "session", id: "ses_test" } };
}

export async function authenticatorOf(engines: Engines): Promise<Authenticate> {
  const read = credentialReader(engines, await liveMembers(engines));
  return authenticator(read, engines, securityNotes(engines).note);
}

/** What a request sends that has this header and nothing else. */
export function bearing(authorization: string): Credentials {
  return {
    authorization,
    managementToken: undefined,
    cookie: undefined,
    csrf: undefined,
    method: "GET",
    resource: "/api/v1",
    remoteAddress: "127.0.0.1",
    client: "test",
  };
}

export function callerOf(principal: Principal): Caller {
  return {
    principal,
    surface: "system",
    requestId: "req_test",
    signal: new AbortController().signal,
    idempotencyKey: null,
    readOnly: false,
  };
}

function settableClock(start: number): SettableClock {
  let now = start;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
}

function recorded(real: Outbound): { outbound: Outbound; sends: readonly OutboundRequest[] } {
  const sends: OutboundRequest[] = [];
  const outbound: Outbound = {
    ...real,
    send(request) {
      assert.match(new URL(request.url).hostname, /^127\.|^localhost$/, "tests send to loopback alone");
      sends.push(request);
      return real.send(request);
    },
  };
  return { outbound, sends };
}

async function newWorkspace({ store, clock }: Engines): Promise<string> {
  const id = newId("ws");
  await store.commit({
    workspace: id,
    at: clock.now(),
    actor: { kind: "system", id: "test" },
    operation: "first_start",
    records: [
      {
        kind: "workspace",
        id,
        expected: 0,
        value: { name: "test", plan: selfHosted },
        secrets: {},
        fingerprints: {},
        keys: {},
        globalKeys: {},
        indexes: {},
        deletedAt: null,
        restores: null,
      },
      ...firstPlaces(),
      ...["production", "staging"].map((environment) => {
        const shop = { environment, name: "shop" };
        const places = { keys: bucket.keys(shop), indexes: bucket.indexes(shop) };
        return plainChange({ kind: bucket.kind, id: newId(bucket.prefix), value: shop, ...places });
      }),
    ],
    entries: [],
    outbox: [],
    audit: null,
  });
  return id;
}

type Rows = ReadonlyMap<string, string>;

/** Tables that follow from others: naming them in every expectation would say nothing. */
const derived = new Set([
  "record_key",
  "record_index",
  "audit_subject",
  "numbering",
  "removal",
  "block",
  "name",
]);

/** Every row of every table, its whole content as the key, what it is as the value. */
function rowsIn(readers: readonly DatabaseSync[]): Rows {
  const rows = new Map<string, string>();
  for (const reader of readers)
    for (const { name: table } of reader
      .prepare("select name from sqlite_schema where type = 'table'")
      .all()) {
      if (typeof table !== "string" || table.startsWith("sqlite_") || derived.has(table)) continue;
      for (const row of reader.prepare(`select * from "${table}"`).all())
        rows.set(`${table} ${JSON.stringify(row)}`, groupOf(table, row));
    }
  return rows;
}

function textOf(reader: DatabaseSync): string {
  const tables = reader.prepare("select name from sqlite_schema where type = 'table'").all();
  const rows = tables.flatMap(({ name }) => reader.prepare(`select * from "${String(name)}"`).all());
  return rows.flatMap((row) => Object.values(row).map(textOfValue)).join("\n");
}

/** Reads a file again only when somebody has committed to it since. */
function fingerprinting(reader: DatabaseSync): () => string {
  const version = reader.prepare("pragma data_version");
  let seen: unknown;
  let print = "";
  return () => {
    const now = version.get()?.["data_version"];
    if (now !== seen) print = hash("sha256", textOf(reader));
    seen = now;
    return print;
  };
}

/** Bytes one character each; what is compressed is unpacked first. */
function textOfValue(value: SQLOutputValue): string {
  if (!(value instanceof Uint8Array)) return String(value);
  const bytes = Buffer.from(value);
  const packed = bytes.length > 4 && bytes.readUInt32LE(0) === zstdMagic;
  return (packed ? zstdDecompressSync(bytes) : bytes).toString("latin1");
}

const zstdMagic = 0xfd2fb528;

function groupOf(table: string, row: Readonly<Record<string, unknown>>): string {
  if (table === "record") return String(row["kind"]);
  return table === "entry" ? `entry:${String(row["collection"])}` : table;
}

/** An altered row is one that came and one that went: it counts once. */
function difference(before: Rows, after: Rows): Left {
  const came = countBy([...after].filter(([row]) => !before.has(row)));
  const went = countBy([...before].filter(([row]) => !after.has(row)));
  const groups = [...new Set([...came.keys(), ...went.keys()])].toSorted();
  return Object.fromEntries(
    groups.map((group) => [group, Math.max(came.get(group) ?? 0, went.get(group) ?? 0)]),
  );
}

function countBy(rows: readonly (readonly [row: string, group: string])[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(rows, ([, group]) => group);
  return new Map([...groups].map(([group, list]) => [group, list.length]));
}
