// The second half of the agent: everything that takes time, on a thread of its own.
import { parentPort, workerData } from "node:worker_threads";
import { Delivery, type Waiting } from "./delivery.ts";
import { gauges } from "./gauges.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./letters.ts";
import { Losses } from "./losses.ts";
import { framesOf } from "./packet.ts";
import { Recorder } from "./recorder.ts";
import { RecordQueue } from "./record-queue.ts";
import { SettingsKeeper } from "./settings-keeper.ts";
import { SummaryTable } from "./summary-table.ts";

/** Until the server has said how often it wants to hear. */
const flushEveryMs = 1_000;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- worker-thread.ts hands over exactly this
const start = workerData as WorkerStart;
const figures = gauges(start.gauges);
const waiting: Waiting = { queue: new RecordQueue(), summaries: new SummaryTable(), losses: new Losses() };
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
/** Letters are handled in their order, one at a time, and not before it is known how to redact. */
let letters = begin();
parentPort?.on("message", (letter: ToWorker) => {
  letters = letters.then(() => handle(letter));
});

async function begin(): Promise<void> {
  await settings.readKept();
  await settings.fetch();
  tellTrouble();
  setTimeout(() => void beat(), pause());
}

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

async function handle(letter: ToWorker): Promise<void> {
  if ("packet" in letter) await unpack(letter);
  else if ("full" in letter) waiting.losses.add("queue_full", letter.full);
  else void flush(letter.flush);
}

async function unpack({ packet, used }: Extract<ToWorker, { packet: unknown }>): Promise<void> {
  for (const frame of framesOf(Buffer.from(packet, 0, used))) {
    await recorder.take(frame, settings.rules);
    figures.add("looked", 1);
  }
  figures.add("releasedBytes", packet.byteLength);
}

async function flush(id: number): Promise<void> {
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
