import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import { onLull } from "../../kernel/lull.ts";
import { type FileEntry, writeEntry } from "./entry-pack.ts";
import type { GroupResult } from "./group.ts";
import { PackWriter } from "./pack.ts";
import { type Link, unavailable } from "./worker-link.ts";

/** What became of one commit. */
export type Committed = {
  readonly kind: "committed" | "stale" | "duplicate";
  /** Of a duplicate: the exchange that took the key; "" when that entry had none. */
  readonly of: string;
  /** Short numbers of the entry's exchanges, from index `from` on; 0 = none. */
  readonly numbers: Float64Array;
  readonly from: number;
  /** The jobs that were not added, by index in the entry; undefined = all were added. */
  readonly unadded: ReadonlySet<number> | undefined;
};

/** What the writer answers to a group: its memory comes back to be used again. */
export type GroupReply = { readonly result: GroupResult; readonly buffer: ArrayBuffer };

/** Answering a group and taking in what follows from it must not hold up the event loop. */
const entriesPerGroupMax = 256;
const bytesPerGroupMax = 8 * 1024 * 1024;
const entriesWaitingMax = 10_000;
const bytesWaitingMax = 128 * 1024 * 1024;
/** One entry must leave room for others in memory. */
const bytesPerEntryMax = 64 * 1024 * 1024;
/** A second group is sent while one is under way only when it is worth a transaction of its own. */
const entriesForSecondGroup = 32;
/** Above this, two groups under way wait longer than one larger group would. */
const slowCommitMs = 2;
const buffersKeptMax = 4;
const bufferBytes = 512 * 1024;
const bufferBytesKeptMax = 2 * 1024 * 1024;

type Caller = {
  readonly resolve: (committed: Committed) => void;
  readonly reject: (error: unknown) => void;
  readonly exchanges: number;
  readonly jobs: number;
};

type OpenGroup = { readonly pack: PackWriter; readonly callers: Caller[]; exchanges: number };

/** Something that goes to the writer in its turn. */
type Turn = {
  readonly entries: number;
  readonly bytes: number;
  readonly send: () => Promise<void>;
  readonly refuse: (error: unknown) => void;
};

/** Gathers entries into groups and sends them to the writer one or two at a time: group commit. */
export class Committer {
  readonly #writer: Link;
  readonly #clock: Clock;
  readonly #buffers: ArrayBuffer[] = [];
  /** Larger groups cost less an entry than more of them. */
  readonly #stir = onLull(() => this.#flush());
  #turns: Turn[] = [];
  #open: OpenGroup | undefined;
  #entries = 0;
  #bytes = 0;
  #underWay = 0;
  #commitMs = 0;
  #drained: (() => void) | undefined;

  constructor(writer: Link, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
  }

  /** @throws Failure unavailable or too_large; RangeError when the entry cannot be written as it is */
  commit(entry: FileEntry): Promise<Committed> {
    return new Promise((resolve, reject) => {
      this.#admit();
      const group = (this.#open ??= this.#newGroup());
      this.#append(group.pack, entry);
      const { exchanges, jobs } = entry;
      group.callers.push({ resolve, reject, exchanges: exchanges.length, jobs: jobs.length });
      group.exchanges += exchanges.length;
      this.#entries++;
      if (group.callers.length >= entriesPerGroupMax || group.pack.size >= bytesPerGroupMax)
        this.#seal(group);
      this.#stir();
    });
  }

  /** Runs `call` after all commits called before it and before those called later. */
  inTurn<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#admit();
      if (this.#open !== undefined) this.#seal(this.#open);
      this.#entries++;
      this.#turns.push({ entries: 1, bytes: 0, send: () => call().then(resolve, reject), refuse: reject });
      this.#stir();
    });
  }

  /** Refuses commits from now on; resolves when the last one was answered. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#flush();
    });
  }

  #admit(): void {
    if (this.#drained !== undefined) throw unavailable("The traffic database is closed.");
    if (this.#entries >= entriesWaitingMax || this.#bytes >= bytesWaitingMax) {
      throw unavailable("Too much traffic is waiting to be written.");
    }
  }

  #append(pack: PackWriter, entry: FileEntry): void {
    const before = pack.size;
    const mark = pack.mark();
    try {
      writeEntry(pack, entry);
      if (pack.size - before > bytesPerEntryMax)
        throw new Failure("too_large", "One entry may have at most 64 MiB.");
    } catch (error) {
      pack.back(mark);
      throw error;
    }
    this.#bytes += pack.size - before;
  }

  #newGroup(): OpenGroup {
    return {
      pack: new PackWriter(this.#buffers.pop() ?? new ArrayBuffer(bufferBytes)),
      callers: [],
      exchanges: 0,
    };
  }

  #seal(group: OpenGroup): void {
    this.#open = undefined;
    this.#turns.push({
      entries: group.callers.length,
      bytes: group.pack.size,
      send: () => this.#send(group),
      refuse: (error) => {
        for (const caller of group.callers) caller.reject(error);
      },
    });
  }

  #flush(): void {
    while (this.#underWay < (this.#commitMs > slowCommitMs ? 1 : 2)) {
      const open = this.#open;
      const worthIt = this.#underWay === 0 || (open?.callers.length ?? 0) >= entriesForSecondGroup;
      if (this.#turns.length === 0 && open !== undefined && worthIt) this.#seal(open);
      const turn = this.#turns.shift();
      if (turn === undefined) break;
      this.#underWay++;
      void turn.send().finally(() => {
        this.#underWay--;
        this.#settle(turn);
        this.#stir();
      });
    }
    if (this.#underWay === 0) this.#drained?.();
  }

  /** Rejects all that waits for its turn: it would only wait for the same failure. */
  #drop(): void {
    const error = unavailable("The traffic database cannot be written at the moment.");
    if (this.#open !== undefined) this.#seal(this.#open);
    const dropped = this.#turns;
    this.#turns = [];
    for (const turn of dropped) {
      this.#settle(turn);
      turn.refuse(error);
    }
  }

  #settle(turn: Turn): void {
    this.#entries -= turn.entries;
    this.#bytes -= turn.bytes;
  }

  async #send({ pack, callers, exchanges }: OpenGroup): Promise<void> {
    const { buffer } = pack;
    try {
      const request = { kind: "group", buffer, entries: callers.length, exchanges, now: this.#clock.now() };
      const reply = await this.#writer.call<GroupReply>(request, [buffer]);
      this.#keep(reply.buffer);
      this.#commitMs = 0.8 * this.#commitMs + 0.2 * reply.result.commitMs;
      answer(callers, reply.result);
    } catch (error) {
      for (const caller of callers) caller.reject(error);
      this.#drop();
    }
  }

  #keep(buffer: ArrayBuffer): void {
    if (this.#buffers.length < buffersKeptMax && buffer.byteLength <= bufferBytesKeptMax)
      this.#buffers.push(buffer);
  }
}

/** Tells every caller of the group what became of its entry, in call order. */
function answer(callers: readonly Caller[], result: GroupResult): void {
  const duplicates = new Map(result.duplicates.map(({ entry, of }) => [entry, of]));
  const stale = new Set(result.stale);
  const unadded = new Set(result.unadded);
  const { numbers } = result;
  let from = 0;
  let job = 0;
  for (const [index, caller] of callers.entries()) {
    const of = duplicates.get(index);
    const kind = of === undefined ? (stale.has(index) ? "stale" : "committed") : "duplicate";
    const missing = unadded.size === 0 ? undefined : unaddedOf(unadded, job, caller.jobs);
    caller.resolve({ kind, of: of ?? "", numbers, from, unadded: missing });
    from += caller.exchanges;
    job += caller.jobs;
  }
}

function unaddedOf(unadded: ReadonlySet<number>, from: number, jobs: number): ReadonlySet<number> {
  const own = new Set<number>();
  for (let index = 0; index < jobs; index++) if (unadded.has(from + index)) own.add(index);
  return own;
}
