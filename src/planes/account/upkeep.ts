import type { Engines } from "../../registry/engines.ts";
import type { Upkeep } from "../../registry/plane.ts";
import { retentions } from "../../registry/retention.ts";

const minuteMs = 60_000;
/** Of each workspace, so that all have their turn. */
const rowsPerRound = 5_000;
const sealedPerRound = 2_048;
const rolledPerRound = 50_000;

/**
 * Keeps what is stored within its plan: retention of traffic, compression of what is at rest, figures by hour, expired
 * entries.
 */
export function accountUpkeep(engines: Engines): readonly Upkeep[] {
  const { store, ledger } = engines;
  return [
    {
      name: "removing what is old",
      everyMs: minuteMs,
      by: "one",
      async run() {
        const due = await Array.fromAsync(retentions(engines));
        return restOf(await ledger.expire(due, rowsPerRound), rowsPerRound);
      },
    },
    {
      name: "sweeping",
      everyMs: minuteMs,
      by: "one",
      run: async () => restOf(await store.sweep(rowsPerRound), rowsPerRound),
    },
    {
      name: "sealing",
      everyMs: 10_000,
      by: "one",
      run: async () => restOf(await ledger.seal(sealedPerRound), sealedPerRound),
    },
    {
      name: "rolling up",
      everyMs: 2_000,
      by: "one",
      run: async () => restOf(await ledger.roll(rolledPerRound), rolledPerRound),
    },
  ];
}

function restOf(done: number, limit: number): "more" | "done" {
  return done >= limit ? "more" : "done";
}
