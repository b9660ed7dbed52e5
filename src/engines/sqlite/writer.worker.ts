import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { type Group, GroupWriter } from "./group.ts";
import { PackReader } from "./pack.ts";
import { runStatements, type Statement } from "./statements.ts";
import { trafficMigrations, trafficPragmas } from "./traffic-schema.ts";
import { Wal } from "./wal.ts";
import { problemOf } from "./worker-link.ts";

/** What the only connection that writes to the traffic database can be asked. */
export type WriterRequest =
  | ({ readonly kind: "group"; readonly buffer: ArrayBuffer } & Omit<Group, "pack">)
  | { readonly kind: "write"; readonly statements: readonly Statement[] }
  | { readonly kind: "empty log" }
  | { readonly kind: "facts" }
  | { readonly kind: "close" };

type Connection = { readonly database: DatabaseSync; readonly groups: GroupWriter; readonly wal: Wal };

// A commit must fail within 5 s, also behind another one that waits for the lock.
const lockTimeoutMs = 1_000;

// Given by `openTrafficFile`.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { path } = workerData as { readonly path: string };
let connection: Connection | undefined;

parentPort?.on("message", ({ id, request }: { readonly id: number; readonly request: WriterRequest }) => {
  try {
    perform(id, request);
  } catch (error) {
    const problem = problemOf(error);
    // After a failure of the disk, a new connection reads the file's true state.
    if (problem.unavailable) disconnect();
    parentPort?.postMessage({ id, problem });
  }
});

function perform(id: number, request: WriterRequest): void {
  const { database, groups, wal } = (connection ??= connect());
  if (request.kind === "group") {
    const { buffer, ...group } = request;
    const result = groups.apply({ ...group, pack: new PackReader(buffer) });
    parentPort?.postMessage({ id, value: { result, buffer } }, [buffer, result.numbers.buffer]);
    groups.sweep(group.now);
  } else if (request.kind === "write") {
    parentPort?.postMessage({ id, value: runStatements(database, request.statements) });
  } else if (request.kind === "empty log") {
    parentPort?.postMessage({ id, value: wal.begin() });
  } else if (request.kind === "facts") {
    parentPort?.postMessage({ id, value: factsOf(database) });
  } else {
    database.exec("pragma wal_checkpoint(truncate)");
    disconnect();
    parentPort?.postMessage({ id, value: undefined });
    return;
  }
  wal.tend();
}

function factsOf(from: DatabaseSync): unknown {
  return {
    synchronous: from.prepare("pragma synchronous").get()?.["synchronous"],
    journalMode: from.prepare("pragma journal_mode").get()?.["journal_mode"],
    pageSize: from.prepare("pragma page_size").get()?.["page_size"],
  };
}

function connect(): Connection {
  const database = new DatabaseSync(path, { timeout: lockTimeoutMs });
  try {
    database.exec(trafficPragmas);
    migrate(database);
    return { database, groups: new GroupWriter(database), wal: new Wal(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

function disconnect(): void {
  connection?.database.close();
  connection = undefined;
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare("pragma user_version").get()?.["user_version"]);
  if (version > trafficMigrations.length)
    throw new Error("The traffic database was written by a newer release.");
  for (const [index, sql] of trafficMigrations.entries()) {
    if (index < version) continue;
    database.exec(`begin immediate; ${sql}; pragma user_version = ${index + 1}; commit`);
  }
}
