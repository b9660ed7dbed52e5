import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { runStatements, type Statement } from "./statements.ts";
import { trafficMigrations, trafficPragmas } from "./traffic-schema.ts";
import { problemOf, type Reply } from "./worker-link.ts";

/** The only connection that writes to the traffic database. */
export type WriterRequest =
  | { readonly kind: "write"; readonly statements: readonly Statement[] }
  | { readonly kind: "facts" }
  | { readonly kind: "close" };

const { path } = workerData as { readonly path: string };
let database: DatabaseSync | undefined;

parentPort?.on("message", ({ id, request }: { readonly id: number; readonly request: WriterRequest }) => {
  parentPort?.postMessage(answer(id, request));
});

function answer(id: number, request: WriterRequest): Reply {
  try {
    return { id, value: perform(request) };
  } catch (error) {
    return { id, problem: problemOf(error) };
  }
}

function perform(request: WriterRequest): unknown {
  switch (request.kind) {
    case "write":
      return runStatements(connection(), request.statements);
    case "facts":
      return factsOf(connection());
    case "close":
      database?.exec("pragma wal_checkpoint(truncate)");
      database?.close();
      database = undefined;
      return undefined;
  }
}

function factsOf(from: DatabaseSync): unknown {
  return {
    synchronous: from.prepare("pragma synchronous").get()?.["synchronous"],
    journalMode: from.prepare("pragma journal_mode").get()?.["journal_mode"],
    pageSize: from.prepare("pragma page_size").get()?.["page_size"],
  };
}

function connection(): DatabaseSync {
  if (database !== undefined) return database;
  const opened = new DatabaseSync(path, { timeout: 1_000 });
  opened.exec(trafficPragmas);
  migrate(opened);
  database = opened;
  return opened;
}

function migrate(opened: DatabaseSync): void {
  const version = Number(opened.prepare("pragma user_version").get()?.["user_version"]);
  if (version > trafficMigrations.length)
    throw new Error("The traffic database was written by a newer release.");
  for (const [index, sql] of trafficMigrations.entries()) {
    if (index < version) continue;
    opened.exec(`begin immediate; ${sql}; pragma user_version = ${index + 1}; commit`);
  }
}
