import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databases } from "../../src/engines/databases.ts";
import { ledgerConformance } from "../../src/engines/ledger/conformance.ts";
import type { Ledger } from "../../src/engines/ledger/ledger.ts";
import type { LedgerUnderTest } from "../../src/engines/ledger/samples.ts";
import { openDatabase } from "../../src/engines/postgres/database.ts";
import type { NewJob } from "../../src/kernel/job.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import type { NewExchange } from "../../src/kernel/exchange.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { newSchema } from "./places.ts";
import { settled } from "./settled.ts";
import { summarising } from "./summarising.ts";

type Place = {
  readonly folder: string;
  readonly url: Secret | null;
  /** Resolves once `since` answers what was committed so far. */
  settled(): Promise<void>;
  remove(): Promise<void>;
};

const places: Readonly<Record<keyof typeof databases, () => Promise<Place>>> = { sqlite, postgres };

const newFolder = () => mkdtemp(join(tmpdir(), "sluice-ledger-"));

async function sqlite(): Promise<Place> {
  const folder = await newFolder();
  return { folder, url: null, settled: async () => {}, remove: () => rm(folder, { recursive: true }) };
}

async function postgres(): Promise<Place> {
  const folder = await newFolder();
  const url = await newSchema();
  const database = openDatabase({ url, name: "settled", connections: 1, statementMs: 30_000 });
  return {
    folder,
    url: new Secret(url),
    settled: () => settled(database),
    async remove() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

for (const name of Object.keys(databases) as (keyof typeof databases)[])
  ledgerConformance(`${name} ledger`, async () => {
    const place = await places[name]();
    const log = (line: string): void => process.emitWarning(line);
    const { folder, url } = place;
    const open = { folder, url, clock: wallClock, version: "0.0.0", log };
    const { ledger, traffic, close } = await databases[name](open);
    const closeAll = async () => {
      await close();
      await place.remove();
    };
    const commit = async (exchanges: readonly NewExchange[], jobs: readonly NewJob[]) => {
      await traffic.journal.commit({ exchanges, jobs });
      await place.settled();
    };
    return { ...under(ledger, commit, closeAll), summarise: summarising(traffic.journal) };
  });

/** Exchanges of one entry of the journal; databases differ in how many it may have. */
const entryMax = 4_000;

function under(
  ledger: Ledger,
  commit: (exchanges: readonly NewExchange[], jobs: readonly NewJob[]) => Promise<unknown>,
  close: () => Promise<void>,
): Omit<LedgerUnderTest, "summarise"> {
  return {
    ledger,
    close,
    async commit(exchanges, working = []) {
      for (let first = 0; first < exchanges.length; first += entryMax) {
        const some = exchanges.slice(first, first + entryMax);
        const events = some.filter((row) => working.includes(row.id));
        await commit(some, events.map(jobFor));
      }
    },
  };
}

function jobFor(event: NewExchange): NewJob {
  return {
    id: `job_${event.id}`,
    workspace: event.workspace,
    name: "deliver",
    payload: "{}",
    lane: event.subject,
    key: null,
    dueAt: event.startedAt,
    attempt: 0,
    exchange: event.id,
    receivedAt: event.receivedAt,
    subject: event.subject,
  };
}
