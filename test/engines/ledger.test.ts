import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databases } from "../../src/engines/databases.ts";
import { ledgerConformance } from "../../src/engines/ledger/conformance.ts";
import type { Ledger } from "../../src/engines/ledger/ledger.ts";
import type { LedgerUnderTest } from "../../src/engines/ledger/samples.ts";
import type { NewJob } from "../../src/kernel/job.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import type { NewExchange } from "../../src/kernel/exchange.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { newSchema } from "./places.ts";

const places: Readonly<
  Record<keyof typeof databases, () => Promise<{ folder: string; url: Secret | null }>>
> = {
  sqlite: async () => ({ folder: await mkdtemp(join(tmpdir(), "sluice-ledger-")), url: null }),
  postgres: async () => ({ folder: "", url: new Secret(await newSchema()) }),
};

for (const name of Object.keys(databases) as (keyof typeof databases)[])
  ledgerConformance(`${name} ledger`, async () => {
    const place = await places[name]();
    const log = (line: string): void => process.emitWarning(line);
    const open = { ...place, clock: wallClock, version: "0.0.0", log };
    const { ledger, traffic, close } = await databases[name](open);
    const closeAll = async () => {
      await close();
      if (place.folder !== "") await rm(place.folder, { recursive: true });
    };
    return under(ledger, (exchanges, jobs) => traffic.journal.commit({ exchanges, jobs }), closeAll);
  });

/** Exchanges of one entry of the journal; databases differ in how many it may have. */
const entryMax = 4_000;

function under(
  ledger: Ledger,
  commit: (exchanges: readonly NewExchange[], jobs: readonly NewJob[]) => Promise<unknown>,
  close: () => Promise<void>,
): LedgerUnderTest {
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
