import type { Engines } from "../../registry/engines.ts";
import type { Upkeep } from "../../registry/plane.ts";
import { decodedRow } from "../../registry/unit.ts";
import { workspace } from "../../registry/workspace.ts";
import { isClockDoubted } from "./clock-doubt.ts";

const dayMs = 24 * 3_600_000;
const minuteMs = 60_000;
const workspacesMax = 1_000;
const rowsPerRound = 5_000;
const sealedPerRound = 2_048;
const rolledPerRound = 50_000;

/**
 * Keeps what is stored within its plan: retention of traffic, compression of what is at rest, figures by hour, expired
 * entries.
 */
export function accountUpkeep(engines: Engines): readonly Upkeep[] {
  const { store, ledger, clock } = engines;
  return [
    {
      name: "removing what is old",
      everyMs: minuteMs,
      by: "one",
      async run() {
        if (await isClockDoubted(engines)) return;
        for (const stored of await store.records.every(workspace.kind, { limit: workspacesMax })) {
          const { plan } = decodedRow(workspace, stored).value;
          await ledger.expire(stored.id, clock.now() - plan.retentionDays * dayMs, rowsPerRound);
        }
        await store.sweep(rowsPerRound);
      },
    },
    {
      name: "sealing",
      everyMs: 10_000,
      by: "one",
      async run() {
        await ledger.seal(sealedPerRound);
      },
    },
    {
      name: "rolling up",
      everyMs: 2_000,
      by: "one",
      async run() {
        await ledger.roll(rolledPerRound);
      },
    },
  ];
}
