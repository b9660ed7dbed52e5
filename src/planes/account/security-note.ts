import { newId } from "../../kernel/id.ts";
import type { Engines } from "../../registry/engines.ts";
import { serverScope } from "../../registry/workspace.ts";

/** What is noted of attempts and of who comes near; what a person or an operation does is audited with it. */
export type SecurityOperation =
  | "credential_refused"
  | "credentials_locked_out"
  | "sign_in_failed"
  | "sign_in_locked_out"
  | "link_refused"
  | "external_sign_in_refused"
  | "password_change_refused"
  | "foreign_form_refused"
  | "client_accepted";

export type SecurityEvent = {
  readonly operation: SecurityOperation;
  /** A word of ours. */
  readonly reason?: string;
  /** The workspace's as far as that is known, else the server's own. */
  readonly workspace?: string;
  /** Ids of the user or credential that it is about; none that somebody made up. */
  readonly subjects?: readonly string[];
  readonly remoteAddress: string;
  /** Nothing that is or may be a secret. */
  readonly detail?: Readonly<Record<string, string>>;
};

/** Notes it soon, and never fails: whoever is refused is answered alike, and does not wait for it. */
export type SecurityNote = (event: SecurityEvent) => void;

const windowMs = 60 * 60_000;
/** Addresses that are named in a window, for each thing that happens to each subject; of others it is told how often. */
const sourcesMax = 10;
/** Different things that are kept apart in a window; others are told by their operation alone. */
const subjectsMax = 1_000;
const lookEveryMs = 60_000;
/** A server that stops does not wait longer for what is left. */
const stopMsMax = 5_000;

/** What happened of one kind to one subject within a window. */
type Series = {
  readonly first: SecurityEvent;
  readonly until: number;
  /** How often more, by the address that was named. */
  readonly more: Map<string, number>;
  elsewhere: number;
};

export type SecurityNotes = {
  readonly note: SecurityNote;
  /** Writes what was counted since: for up to 5 s and as long as that works, of what is left a line in the log is all. */
  stop(): Promise<void>;
};

/** What is written: `more` = so many like one that was written before. */
type Told = { readonly event: SecurityEvent; readonly more?: number };

/**
 * Notes security events in the audit and, by a line each, in the log: the first of its kind from an address at once, and
 * after an hour how many more there were. So nobody fills the disk by trying, nor hides what others try.
 */
export function securityNotes(engines: Pick<Engines, "store" | "clock" | "log">): SecurityNotes {
  const { clock } = engines;
  const series = new Map<string, Series>();
  const underWay = new Set<Promise<unknown>>();
  let timer: NodeJS.Timeout | undefined;

  function write(it: Told): void {
    engines.log(lineOf(it));
    const writing = audited(engines, it).finally(() => underWay.delete(writing));
    underWay.add(writing);
  }

  function endWindows(): void {
    for (const [key, it] of series) {
      // They began in this order.
      if (it.until > clock.now()) break;
      series.delete(key);
      for (const told of countsOf(it)) write(told);
    }
    if (series.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function seriesOf(event: SecurityEvent): Series {
    const { operation, reason, workspace, subjects, ...where } = event;
    const whole = JSON.stringify([operation, reason, workspace, subjects]);
    const isRoom = series.has(whole) || series.size < subjectsMax;
    const key = isRoom ? whole : operation;
    const known = series.get(key);
    if (known !== undefined) return known;
    const first = isRoom ? event : { operation, ...where };
    const begun = { first, until: clock.now() + windowMs, more: new Map<string, number>(), elsewhere: 0 };
    series.set(key, begun);
    timer ??= setInterval(endWindows, lookEveryMs).unref();
    return begun;
  }

  return {
    note(event) {
      endWindows();
      const { remoteAddress } = event;
      const own = seriesOf(event);
      const count = own.more.get(remoteAddress);
      if (count !== undefined) own.more.set(remoteAddress, count + 1);
      else if (own.more.size >= sourcesMax) own.elsewhere++;
      else {
        own.more.set(remoteAddress, 0);
        write({ event });
      }
    },
    stop() {
      clearInterval(timer);
      const left = [...series.values()].flatMap(countsOf);
      series.clear();
      return writeAll(engines, left, underWay);
    },
  };
}

/** What of a series was counted and not written, by the address that it came from. */
function countsOf({ first, more, elsewhere }: Series): readonly Told[] {
  return [...more, ["other addresses", elsewhere] as const]
    .filter(([, count]) => count > 0)
    .map(([remoteAddress, count]) => ({ event: { ...first, remoteAddress }, more: count }));
}

/** One after another, since a database that cannot be written would keep each of them waiting. */
async function writeAll(
  engines: Pick<Engines, "store" | "clock" | "log">,
  left: readonly Told[],
  underWay: Iterable<Promise<unknown>>,
): Promise<void> {
  const until = engines.clock.now() + stopMsMax;
  for (const it of left) engines.log(lineOf(it));
  async function work(): Promise<void> {
    await Promise.all(underWay);
    for (const it of left) if (engines.clock.now() >= until || !(await audited(engines, it))) return;
  }
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, stopMsMax);
  await Promise.race([work(), late.promise]);
  clearTimeout(timer);
}

function whatOf({ operation, reason }: SecurityEvent): string {
  return reason === undefined ? operation : `${operation} (${reason})`;
}

function lineOf({ event, more }: Told): string {
  return `security: ${whatOf(event)}${more === undefined ? "" : `, ${more} more`}, from ${event.remoteAddress}`;
}

/** Whether it is in the audit now: that it is not is in the log. */
async function audited(
  { store, clock, log }: Pick<Engines, "store" | "clock" | "log">,
  { event, more }: Told,
): Promise<boolean> {
  const { operation, reason, workspace = serverScope, subjects = [], remoteAddress, detail } = event;
  const told = { ...(reason !== undefined && { reason }), ...(more !== undefined && { more }) };
  try {
    await store.commit({
      workspace,
      at: clock.now(),
      actor: { kind: "system", id: "security" },
      operation,
      records: [],
      entries: [],
      outbox: [],
      audit: { id: newId("aud"), subjects, detail: { ...told, ...detail, remoteAddress } },
    });
    return true;
  } catch (error) {
    log(`${whatOf(event)} was not audited: ${String(error)}`);
    return false;
  }
}
