import type { FolderFacts } from "../engines/sqlite/folder-facts.ts";
import type { FolderHolder } from "../engines/sqlite/data-folder.ts";
import type { Snapshot } from "../engines/sqlite/snapshot.ts";
import type { ClientAnswer } from "../engines/outbound/client.ts";
import type { Refusal } from "../engines/outbound/outbound.ts";
import type { Failure } from "../kernel/failure.ts";
import type { Surroundings } from "./command.ts";
import type { Reached } from "./reach.ts";

/** What a check saw. Public: no secrets, no tokens, nothing captured. */
export type Finding = {
  readonly state: "ok" | "warning" | "problem";
  /** One line. */
  readonly saw: string;
  /** What to do, one line; null when it is ok. */
  readonly todo: string | null;
};

/** One thing that is looked at. Nothing found = it does not apply here, such as files of a folder that is not there. */
export type Check = {
  readonly name: string;
  /** A Failure that it throws is a problem, with the failure's hint as what to do. */
  look(subject: Subject): readonly Finding[] | Promise<readonly Finding[]>;
};

/** An endpoint's target, judged as a delivery would. */
export type JudgedTarget = { readonly slug: string; readonly refusal: Refusal | undefined };

/** What is examined. Whatever several checks need is looked up once. */
export type Subject = Pick<Surroundings, "clock" | "server" | "version"> & {
  /** Absolute. */
  readonly folder: string;
  readonly facts: FolderFacts | undefined;
  /** Who holds the folder, if anyone. */
  readonly holder: FolderHolder | undefined;
  readonly deep: boolean;
  /** The database that SLUICE_DATABASE_URL names, why it cannot be reached, or undefined when everything is in files. */
  readonly database: () => Promise<Reached | Failure | undefined>;
  /** Calls back with the database at this moment; undefined when there is no such file, or files are of no concern. */
  readonly inside: <T>(name: string, work: (file: Snapshot) => T) => T | undefined;
  /** What the server says of its health; undefined when nothing answers. */
  readonly health: () => Promise<Heard | undefined>;
  /** The targets of active endpoints, at most 1,000. */
  readonly targets: () => Promise<readonly JudgedTarget[]>;
};

/** An answer, and this machine's time halfway between question and answer. */
export type Heard = ClientAnswer & { readonly heardAt: number };

export function ok(saw: string): Finding {
  return { state: "ok", saw, todo: null };
}

export function warning(saw: string, todo: string): Finding {
  return { state: "warning", saw, todo };
}

export function problem(saw: string, todo: string): Finding {
  return { state: "problem", saw, todo };
}
