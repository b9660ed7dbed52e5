import { hash } from "node:crypto";
import type { CapturedRecord } from "../../../../capture/wire.ts";
import { Failure } from "../../../kernel/failure.ts";
import { parseJson } from "../../../registry/json-text.ts";
import { memberOf, textOf } from "../loose-json.ts";
import { recordIdOf } from "../stored-record.ts";
import { cutOf } from "./cut-entry.ts";
import { readEntry, type ReadEntry } from "./read-entry.ts";

/** Entries of one archive. */
const entriesMax = 5_000;

/** An entry as a record, or why it is none. */
export type Entry =
  | { readonly at: number; readonly record: CapturedRecord }
  | { readonly at: number; readonly pointer: string; readonly problem: string };

export type Archive = {
  /** What made it, such as `WebInspector 537.36`. */
  readonly creator: string;
  readonly entries: readonly Entry[];
};

/**
 * Reads a HAR 1.1 or 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as browsers and proxies write it.
 *
 * @throws Failure invalid when it is no archive, too_large above 5,000 entries
 */
export function archiveOf(har: unknown): Archive {
  const { creator, entries } = openedArchive(har, entriesMax);
  const timesBefore = repeats();
  const identified = entries.map((entry, n): Entry => {
    const { at = n, before } = cutOf(entry);
    const read = readEntry(entry);
    if (!("record" in read)) return { at, ...read };
    const { content, times } = timesBefore(read);
    const id = recordIdOf(read.record.startedAt, `${content}/${before ?? times}`);
    return { at, record: { ...read.record, id } };
  });
  return { creator, entries: identified };
}

/** An archive whose entries nobody read yet. @throws Failure invalid when it is none, too_large for too many entries */
export function openedArchive(
  har: unknown,
  most: number,
): { readonly creator: string; readonly entries: readonly unknown[] } {
  const whole = typeof har === "string" ? parseJson(har.replace(/^\ufeff/, ""), "/har") : har;
  const log = memberOf(whole, "log");
  const entries: unknown = memberOf(log, "entries");
  if (!Array.isArray(entries))
    throw new Failure("invalid", "This is no HTTP archive: it has no log.entries.", {
      pointer: "/har",
      hint: "Save one by the network panel of a browser's developer tools: export HAR.",
    });
  if (entries.length > most)
    throw new Failure("too_large", `An archive has at most ${most} entries; this has ${entries.length}.`, {
      pointer: "/har/log/entries",
    });
  const creator = memberOf(log, "creator");
  return {
    creator: `${textOf(creator, "name")} ${textOf(creator, "version")}`.trim().slice(0, 200),
    entries,
  };
}

type Told = Extract<ReadEntry, { readonly record: unknown }>;

/** Counts, entry by entry, how often one that says the same came before. */
export function repeats(): (read: Told) => { readonly content: string; readonly times: number } {
  const seen = new Map<string, number>();
  return ({ record }) => {
    // Of what is read of it: the rest may be nested deeper than JSON can be written.
    const content = hash("sha256", JSON.stringify(record));
    const times = seen.get(content) ?? 0;
    seen.set(content, times + 1);
    return { content, times };
  };
}
