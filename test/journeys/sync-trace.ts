/** One system call of a trace, with where it was entered and left among all the lines. */
type Call = {
  readonly name: string;
  /** Its arguments as strace prints them, file descriptors with what they stand for. */
  readonly text: string;
  readonly result: number;
  readonly from: number;
  readonly to: number;
};

/** The tracer, which a system may lack. */
export const tracer = "strace";

/** What it must record for `unsyncedAnswers`, each string whole. */
export const traceOptions: readonly string[] = [
  "--follow-forks",
  "--decode-fds=path",
  "--string-limit=9000",
  "--trace=read,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync",
  "--signal=none",
];

const answering = new Set(["write", "writev", "sendto", "sendmsg"]);
const syncing = new Set(["fsync", "fdatasync"]);

/**
 * The requests whose 200 left the process before they were on disk. A request is named by a marker that stands in its
 * request line and in what is stored of it. In its favour stand, one after the other: the read that brought it, a write
 * of the write-ahead log that holds it, a sync of that log which was begun after this write and succeeded, and only
 * then the write of `HTTP/1.1 200` to the connection it came from.
 *
 * A tracer holds a thread at both ends of a call until it has noted them, so what one thread tells another after a call
 * is noted after it.
 */
export function unsyncedAnswers(trace: string, markers: readonly string[]): readonly string[] {
  const calls = callsOf(trace);
  return markers.filter((marker) => !syncedFirst(calls, marker));
}

function syncedFirst(calls: readonly Call[], marker: string): boolean {
  const next = (after: number, fits: (call: Call) => boolean): Call | undefined =>
    calls.find((call) => call.from > after && call.result >= 0 && fits(call));
  const asked = next(-1, ({ name, text }) => name === "read" && text.includes(marker) && isSocket(text));
  if (asked === undefined) throw new Error(`the trace has no request ${marker}`);
  const connection = descriptorOf(asked.text);
  const answered = next(
    asked.to,
    ({ name, text }) =>
      answering.has(name) && descriptorOf(text) === connection && text.includes('"HTTP/1.1 200 '),
  );
  if (answered === undefined) throw new Error(`the trace has no answer to ${marker}`);
  const stored = next(
    asked.to,
    ({ name, text }) => name === "pwrite64" && isLog(text) && text.includes(marker),
  );
  const synced =
    stored && next(stored.to, ({ name, text, result }) => syncing.has(name) && isLog(text) && result === 0);
  return synced !== undefined && synced.to < answered.from;
}

/** `24<socket:[4711]>`: the number and what it stands for, so that a number used again is no other's. */
function descriptorOf(text: string): string {
  return text.slice(0, text.indexOf(">") + 1);
}

function isSocket(text: string): boolean {
  return /^\d+<(socket|TCP)/.test(text);
}

function isLog(text: string): boolean {
  return descriptorOf(text).endsWith("/traffic.db-wal>");
}

/** Calls of several threads overlap: then the line is cut into an unfinished and a resumed one. */
function callsOf(trace: string): readonly Call[] {
  const unfinished = new Map<string, Omit<Call, "to" | "result">>();
  const calls: Call[] = [];
  for (const [at, line] of trace.split("\n").entries()) {
    const [, thread = "", name, text = "", result] = lineForm.exec(line) ?? [];
    if (thread === "") continue;
    // A line without a name resumes the call that its thread is in.
    const begun = name === undefined ? unfinished.get(thread) : { name, text: "", from: at };
    if (begun === undefined) throw new Error(`the trace resumes what was not begun: ${line.slice(0, 200)}`);
    const call = { ...begun, text: begun.text + text };
    if (result === undefined) unfinished.set(thread, call);
    else calls.push({ ...call, result: Number(result), to: at });
  }
  return calls;
}

/** `7 read(20<…>, "…", 9) = 9`, `7 read(20<…>, <unfinished ...>`, `7 <... read resumed>"…", 9) = 9`. */
const lineForm = /^(\d+) +(?:(\w+)\(|<\.\.\. \w+ resumed>)(.*)(?: <unfinished \.\.\.>|\) += (-?\d+).*)$/;
