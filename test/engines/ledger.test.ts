import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databases, type Open } from "../../src/engines/databases.ts";
import { ledgerConformance } from "../../src/engines/ledger/conformance.ts";
import { nth, type LedgerUnderTest } from "../../src/engines/ledger/samples.ts";
import type { NewJob } from "../../src/kernel/job.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import type { NewExchange } from "../../src/kernel/exchange.ts";

for (const [name, open] of Object.entries(databases)) ledgerConformance(`${name} ledger`, () => opened(open));

async function opened(open: Open): Promise<LedgerUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-ledger-"));
  const { ledger, traffic, close } = await open(folder, wallClock);
  return {
    ledger,
    async commit(exchanges, working = []) {
      const jobs = working.map((id) =>
        jobFor(
          nth(
            exchanges.filter((row) => row.id === id),
            0,
          ),
        ),
      );
      await traffic.journal.commit({ exchanges, jobs });
    },
    async close() {
      await close();
      await rm(folder, { recursive: true });
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
