import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databases } from "../../src/engines/databases.ts";
import { ledgerConformance } from "../../src/engines/ledger/conformance.ts";
import type { Ledger } from "../../src/engines/ledger/ledger.ts";
import { nth, type LedgerUnderTest } from "../../src/engines/ledger/samples.ts";
import type { NewJob } from "../../src/kernel/job.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import type { NewExchange } from "../../src/kernel/exchange.ts";
import { sharedPostgres } from "../postgres-server.ts";
import { openPostgresLedger } from "./postgres-ledger.ts";

for (const [name, open] of Object.entries(databases))
  ledgerConformance(`${name} ledger`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-ledger-"));
    const { ledger, traffic, close } = await open(folder, wallClock);
    const closeAll = async () => {
      await close();
      await rm(folder, { recursive: true });
    };
    return under(ledger, (exchanges, jobs) => traffic.journal.commit({ exchanges, jobs }), closeAll);
  });

ledgerConformance("postgres ledger", async () => {
  const { ledger, commit, close } = await openPostgresLedger(await (await sharedPostgres()).newDatabase());
  return under(ledger, commit, close);
});

function under(
  ledger: Ledger,
  commit: (exchanges: readonly NewExchange[], jobs: readonly NewJob[]) => Promise<unknown>,
  close: () => Promise<void>,
): LedgerUnderTest {
  return {
    ledger,
    close,
    async commit(exchanges, working = []) {
      const events = working.map((id) => exchanges.filter((row) => row.id === id));
      await commit(
        exchanges,
        events.map((rows) => jobFor(nth(rows, 0))),
      );
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
