import { join, resolve } from "node:path";
import { ownListeners, type OwnListeners } from "../engines/outbound/own-listeners.ts";
import { undiciOutbound } from "../engines/outbound/undici.ts";
import { folderHolder, type FolderHolder } from "../engines/sqlite/data-folder.ts";
import { folderFacts } from "../engines/sqlite/folder-facts.ts";
import { openSnapshot, type Snapshot } from "../engines/sqlite/snapshot.ts";
import { Failure } from "../kernel/failure.ts";
import { endpoint } from "../planes/webhooks/endpoint.ts";
import type { Heard, JudgedTarget, Subject } from "./check.ts";
import type { Surroundings } from "./command.ts";
import type { Reached } from "./reach.ts";

const endpointsMax = 1_000;
const resolvedAtOnce = 20;
const activeTargets = `select value from record
where kind = '${endpoint.kind}' and deleted_at is null order by id limit ${endpointsMax}`;
const Settings = endpoint.shape.pick({ slug: true, targetUrl: true, isActive: true });

/** @throws Failure when the data folder or its lock may not be read */
export function openSubject(
  surroundings: Surroundings,
  { database, deep }: Pick<Subject, "database" | "deep">,
): Subject {
  const folder = resolve(surroundings.folder);
  const facts = folderFacts(folder);
  const holder = folderHolder(folder);
  const present = new Set(facts?.files.map(({ name }) => name));
  const inside = <T>(name: string, work: (file: Snapshot) => T): T | undefined => {
    if (surroundings.database !== null || !present.has(name)) return undefined;
    const file = openSnapshot(join(folder, name));
    try {
      return work(file);
    } finally {
      file.close();
    }
  };
  return {
    ...surroundings,
    folder,
    facts,
    holder,
    deep,
    database,
    inside,
    health: once(() => hear(surroundings)),
    targets: once(async () => {
      const reached = await database();
      const rows =
        inside("store.db", (file) => file.select(activeTargets)) ??
        (isReached(reached) && reached.tables.has("record") ? await reached.query(activeTargets) : []);
      const settings = rows.map(({ value }) => Settings.parse(JSON.parse(String(value))));
      return judge(
        settings.filter(({ isActive }) => isActive),
        { ...surroundings, holder },
      );
    }),
  };
}

function isReached(database: Reached | Failure | undefined): database is Reached {
  return database !== undefined && !(database instanceof Failure);
}

function once<T>(look: () => Promise<T>): () => Promise<T> {
  let seen: Promise<T> | undefined;
  return () => (seen ??= look());
}

async function hear({ server, clock }: Surroundings): Promise<Heard | undefined> {
  const askedAt = clock.now();
  try {
    const answer = await server.call("GET", "/healthz");
    return { ...answer, heardAt: (askedAt + clock.now()) / 2 };
  } catch (error) {
    if (error instanceof Failure && error.kind === "unavailable") return undefined;
    throw error;
  }
}

type Target = { readonly slug: string; readonly targetUrl: string };

/** Resolves every target, each within the time of a connect. */
async function judge(
  targets: readonly Target[],
  {
    allow,
    clock,
    holder,
  }: Pick<Surroundings, "allow" | "clock"> & { readonly holder: FolderHolder | undefined },
): Promise<readonly JudgedTarget[]> {
  const outbound = undiciOutbound({ allow, own: listenersOf(holder), clock });
  try {
    const judged: JudgedTarget[] = [];
    for (let from = 0; from < targets.length; from += resolvedAtOnce) {
      const some = targets.slice(from, from + resolvedAtOnce);
      const refusals = await Promise.all(some.map(({ targetUrl }) => outbound.resolve(targetUrl)));
      judged.push(...some.map(({ slug }, i) => ({ slug, refusal: refusals[i] })));
    }
    return judged;
  } finally {
    await outbound.close();
  }
}

/** Where the server of the folder listens: its echo target is allowed, the server itself is not. */
function listenersOf(holder: FolderHolder | undefined): OwnListeners {
  const own = ownListeners();
  const addresses = { add: holder?.address ?? null, addEcho: holder?.echo ?? null };
  for (const kind of ["add", "addEcho"] as const) {
    const url = URL.parse(addresses[kind] ?? "");
    if (url !== null) own[kind](url.hostname.replace(/^\[(.*)\]$/, "$1"), Number(url.port || 80));
  }
  return own;
}
