// What storing captured records costs without HTTP and redaction: batches of 100, ready as the server commits them, on both
// databases. CPU of this process and of PostgreSQL's beside it; every round on a new database.
import type { Entry } from "../src/engines/traffic/traffic.ts";
import type { Engines } from "../src/registry/engines.ts";
import { randomOf } from "../demo/traffic/random.ts";
import { shopRecord } from "../demo/traffic/shop.ts";
import { takeCaptured } from "../src/planes/traffic/capture.ts";
import { readyOf } from "../src/planes/traffic/rules-in-force.ts";
import { machine, median } from "./bench-server.ts";
import { postgresPlace, spentOn, sqlitePlace, type TrafficPlace } from "./traffic-place.ts";

const rounds = Number(process.argv[2] ?? 5);
const batches = Number(process.argv[3] ?? 400);
const recordsOfBatch = 100;
const committers = 8;
const buckets = 20;
const records = batches * recordsOfBatch;

const random = randomOf(1);
const none = { redactions: [], exclusions: [], samplings: [], blocks: [], revision: "bench" };
const ready = readyOf(none, Buffer.alloc(32, 1), Infinity);
const source = { name: "bench", version: "1", service: "", instance: "" };
const dropped = { records: 0, summaries: 0, reasons: {} };

/** What the server commits for a batch. */
async function entryOf(n: number): Promise<Entry> {
  const receivedAt = Date.now();
  const place = {
    workspace: "ws_0123456789abcdef012345",
    environment: "production",
    bucket: `b${n % buckets}`,
  };
  const sent = Array.from({ length: recordsOfBatch }, () => shopRecord(random, receivedAt));
  const arriving = {
    id: n.toString(16).padStart(32, "0"),
    source,
    records: sent.map((it): unknown => JSON.parse(JSON.stringify(it))),
    summaries: [],
    counted: false,
    dropped,
    receivedAt,
  };
  const made = Promise.withResolvers<Entry>();
  const journal = {
    async commit(entry: Entry) {
      made.resolve(entry);
      return { kind: "committed" } as const;
    },
  };
  const traffic = { journal } as unknown as Engines["traffic"];
  const ledger = { known: async () => new Set<string>() } as unknown as Engines["ledger"];
  await takeCaptured({ ...place, id: `bkt_${n % buckets}` }, arriving, ready, { traffic, ledger });
  return made.promise;
}

type Round = {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly serverUs: number;
};

async function round(makePlace: () => Promise<TrafficPlace>, entries: readonly Entry[]): Promise<Round> {
  const { seconds, cpuUs, mainUs, serverUs } = await spentOn(makePlace, async ({ journal }) => {
    let next = 0;
    const committer = async () => {
      for (let entry = entries[next++]; entry !== undefined; entry = entries[next++])
        await journal.commit(entry);
    };
    await Promise.all(Array.from({ length: committers }, committer));
  });
  return {
    perSecond: records / seconds,
    cpuUs: cpuUs / records,
    mainUs: mainUs / records,
    serverUs: serverUs / records,
  };
}

const entries = await Promise.all(Array.from({ length: batches }, (_, n) => entryOf(n)));
console.log(
  `captured records committed in batches of ${recordsOfBatch}, ${committers} at a time, ${rounds} rounds of ${batches} batches (${machine()})`,
);
for (const [name, makePlace] of Object.entries({ embedded: sqlitePlace, PostgreSQL: postgresPlace })) {
  const list: Round[] = [];
  for (let n = 0; n <= rounds; n++) {
    const result = await round(makePlace, entries);
    if (n > 0) list.push(result); // the first warms up
  }
  const middle = (of: keyof Round): string => median(list.map((it) => it[of])).toFixed(1);
  const best = Math.max(...list.map(({ perSecond }) => perSecond));
  console.log(
    `  ${name.padEnd(10)} ${Number(middle("perSecond")).toFixed(0)} records/s, ${best.toFixed(0)} at best, ${middle("cpuUs")} us CPU a record, ${middle("mainUs")} of it on the main thread, and ${middle("serverUs")} by PostgreSQL`,
  );
}
console.log("  goal, embedded: 50000 records/s on a quiet machine");
