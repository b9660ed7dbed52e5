import { readFileSync } from "node:fs";
import { Failure } from "../../kernel/failure.ts";
import { diskRoom, type DiskRoom } from "../stored/disk-room.ts";
import { numberOf, textOf } from "../stored/row.ts";
import type { Query } from "./database.ts";

/** Of a database whose tables lie where PostgreSQL's own folder is, that folder; only some roles are told of it. */
const folderOf = `select coalesce(nullif(pg_tablespace_location(dattablespace), ''), current_setting('data_directory')) as folder
  from pg_database where datname = current_database()`;

/** `elsewhere` is another machine, a container, or a system that does not tell; `hidden`, that the role may not see where. */
export type ClusterDisk = DiskRoom | "elsewhere" | "hidden";

/** The room on the disk of the database's tables, asked over a single connection. */
export async function clusterDisk(session: Query): Promise<ClusterDisk> {
  const [backend = {}] = await session.query("select pg_backend_pid() as pid");
  if (!isBackendHere(numberOf(backend, "pid"))) return "elsewhere";
  try {
    const [row = {}] = await session.query(folderOf);
    return roomAt(textOf(row, "folder"));
  } catch (error) {
    if (error instanceof Failure && error.kind === "forbidden") return "hidden";
    throw error;
  }
}

/**
 * Whether the process of this id is one of PostgreSQL that sees the files we see. An address cannot tell: behind a tunnel or
 * in a container, a server may be told to be on the loopback too.
 */
export function isBackendHere(pid: number): boolean {
  try {
    return /^postgres(:|\0|$)/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return false;
  }
}

function roomAt(folder: string): ClusterDisk {
  try {
    return diskRoom(folder);
  } catch {
    return "elsewhere";
  }
}
