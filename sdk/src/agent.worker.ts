// The second half of the agent: everything that takes time, on a thread of its own.
import { parentPort, workerData } from "node:worker_threads";
import { Delivery, type Waiting } from "./delivery.ts";
import { gauges } from "./gauges.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./letters.ts";
import { Losses } from "../../capture/losses.ts";
import { frameOf } from "./frame.ts";
import { Ring } from "./ring.ts";
import { Recorder } from "./recorder.ts";
import { RecordQueue } from "./record-queue.ts";
import { SettingsKeeper } from "./settings-keeper.ts";
import { summaryBytesMax } from "./budget.ts";
import { SummaryTable } from "../../capture/summary-table.ts";

/** Until the server has said how often it wants to hear. */
const flushEveryMs = 1_000;
/** How long what was seen lies in the ring at most, in a process that is busy and in one that is not. */
const lookOftenMs = 10;
const lookSeldomMs = 80;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- worker-thread.ts hands over exactly this
const start = workerData as WorkerStart;
const figures = gauges(start.gauges);
const ring = new Ring(start.ring);
const waiting: Waiting = {
  queue: new RecordQueue(),
  summaries: new SummaryTable(summaryBytesMax),
  losses: new Losses(),
};
waiting.losses.add("agent_failed", start.lost);
const recorder = new Recorder(waiting, figures);
const delivery = new Delivery(start.place, start, waiting, figures);
const settings = new SettingsKeeper(start.place, {
  folder: start.settingsFolder,
  withDefaults: start.withDefaults,
  changed({ settings: { revision, bodyBytesMax, blocks } }) {
    tell({ settings: { revision, bodyBytesMax, blocks } });
  },
});

let trouble: string | null = null;
/** One drain at a time, and none before it is known how to redact. */
let drained = begin();
parentPort?.on("message", ({ flush: id }: ToWorker) => void flush(id));

async function begin(): Promise<void> {
  await settings.readKept();
  await settings.fetch();
  tellTrouble();
  setTimeout(() => void beat(), pause());
  setTimeout(() => void look(lookOftenMs), lookOftenMs);
}

/** Sends, and asks for settings, at intervals. */
async function beat(): Promise<void> {
  await settings.tick(delivery.revision);
  delivery.revision = undefined;
  await delivery.tick();
  tellTrouble();
  setTimeout(() => void beat(), pause());
}

function pause(): number {
  return settings.rules?.settings.flushEveryMs ?? flushEveryMs;
}

/** Looks into the ring, less and less often while there is nothing in it. */
async function look(afterMs: number): Promise<void> {
  const isBusy = ring.used > 0;
  await drain();
  const next = isBusy ? lookOftenMs : Math.min(afterMs * 2, lookSeldomMs);
  setTimeout(() => void look(next), next);
}

function drain(): Promise<void> {
  drained = drained.then(take);
  return drained;
}

async function take(): Promise<void> {
  for (let piece = ring.read(); piece !== undefined; piece = ring.read())
    await recorder.take(frameOf(piece), settings.rules);
  const full = figures.get("droppedFull") - figures.get("reportedFull");
  figures.add("reportedFull", full);
  waiting.losses.add("queue_full", { records: full, summaries: full });
  delivery.measure();
}

async function flush(id: number): Promise<void> {
  await drain();
  const complete = await delivery.flush();
  tell({ flushed: id, complete });
}

function tellTrouble(): void {
  const now = settings.refused ?? null;
  if (now !== trouble) tell({ trouble: now });
  trouble = now;
}

function tell(letter: FromWorker): void {
  parentPort?.postMessage(letter);
}
