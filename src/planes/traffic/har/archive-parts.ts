import { Failure } from "../../../kernel/failure.ts";
import type { CallPart, InParts } from "../../../registry/in-parts.ts";
import { recordsMax } from "../captured.ts";
import { openedArchive, repeats } from "./archive.ts";
import type { Cut } from "./cut-entry.ts";
import { ImportOutcome, refusalsTold } from "./import-outcome.ts";
import { readEntry } from "./read-entry.ts";
import { smallerEntry } from "./smaller-entry.ts";

/** Entries of one file. */
const entriesMax = 100_000;
/** Of one part as it is sent, within the 4 MiB of a call. */
const partBytesMax = 3 * 1024 * 1024;

/**
 * An archive in parts, each an archive by itself whose entries say where they were. A part is text, in which half of a surrogate
 * pair is a matter of its entry alone.
 */
export const archiveParts: InParts = {
  counted: "entries sent",
  split(input) {
    const archive = openedFrom(input);
    return archive === undefined ? [{ input, count: 0 }] : partsOf(archive, input);
  },
  join(outputs) {
    const all = outputs.map((it) => ImportOutcome.parse(it));
    const sum = (of: (one: ImportOutcome) => number): number => all.reduce((total, it) => total + of(it), 0);
    const moments = (of: (one: ImportOutcome) => string | null): readonly string[] =>
      all.flatMap((it) => of(it) ?? []).toSorted();
    return {
      ...outputs[0],
      stored: sum(({ stored }) => stored),
      alreadyThere: sum(({ alreadyThere }) => alreadyThere),
      leftOut: sum(({ leftOut }) => leftOut),
      refusedInAll: sum(({ refusedInAll }) => refusedInAll),
      refused: all.flatMap(({ refused }) => refused).slice(0, refusalsTold),
      from: moments(({ from }) => from)[0] ?? null,
      to: moments(({ to }) => to).at(-1) ?? null,
    };
  },
};

type Opened = ReturnType<typeof openedArchive>;
type Input = CallPart["input"];

/** undefined: it is none, and small enough for the server to say so. @throws Failure for a larger one that is none */
function openedFrom(input: Input): Opened | undefined {
  try {
    return openedArchive(input["har"], entriesMax);
  } catch (error) {
    const isNone = error instanceof Failure && error.kind === "invalid";
    if (isNone && isSmall(input)) return undefined;
    throw error;
  }
}

function isSmall(input: Input): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(input)) <= partBytesMax;
  } catch (error) {
    // Nested too deep to be written, which is refused anyway.
    if (error instanceof RangeError) return true;
    throw error;
  }
}

function partsOf({ creator, entries }: Opened, input: Input): readonly CallPart[] {
  const timesBefore = repeats();
  const parts: CallPart[] = [];
  let pending: string[] = [];
  let bytes = 0;
  function close(): void {
    const log = `{"creator":{"name":${JSON.stringify(creator)}},"entries":[${pending.join()}]}`;
    parts.push({ input: { ...input, har: `{"log":${log}}` }, count: pending.length });
    [pending, bytes] = [[], 0];
  }
  for (const [at, entry] of entries.entries()) {
    const text = smaller(entry, at, timesBefore);
    const more = sentBytesOf(text, at);
    if (pending.length === recordsMax || bytes + more > partBytesMax) close();
    pending.push(text);
    bytes += more;
  }
  if (pending.length > 0 || parts.length === 0) close();
  return parts;
}

function smaller(entry: unknown, at: number, timesBefore: ReturnType<typeof repeats>): string {
  const read = readEntry(entry);
  const before = "record" in read ? timesBefore(read).times : 0;
  const counted: Pick<Cut, "at" | "before"> = { at, before };
  return JSON.stringify(smallerEntry(entry, read, counted));
}

/** As a text within JSON. @throws Failure too_large above what a part may have */
function sentBytesOf(text: string, at: number): number {
  const bytes = Buffer.byteLength(JSON.stringify(text));
  if (bytes <= partBytesMax) return bytes;
  throw new Failure("too_large", "This entry is larger than can be sent, for its address or error.", {
    pointer: `/har/log/entries/${at}`,
    hint: "Take it out of the archive.",
  });
}
