// One server of the product in a process of its own, driven by messages from the benchmark that forked it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "../src/compose.ts";
import { config } from "../src/config.ts";
import type { Engines } from "../src/registry/engines.ts";
import { beMeasured } from "./measured-child.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-bench-"));
/** No secret. */
const key = `mk_${"benchmarksOnlyNotASecret".padEnd(49, "0")}`;
const variant = process.argv[2] ?? "durable";

/** The same listener and pipeline, without the disk: what durability is measured against. */
function forgetful(engines: Engines): Engines {
  const { traffic } = engines;
  const journal = { ...traffic.journal, commit: async () => ({ kind: "committed" }) as const };
  return { ...engines, traffic: { ...traffic, journal } };
}

const sluice = await compose({
  config: config({
    SLUICE_PORT: "0",
    SLUICE_DATA_DIR: directory,
    SLUICE_INGEST_RATE: "0",
    SLUICE_API_RATE: "0",
    SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
    SLUICE_BOOTSTRAP_API_KEY: key,
    SLUICE_DATABASE_URL: process.env["SLUICE_DATABASE_URL"],
    SLUICE_VAULT_KEYS: process.env["SLUICE_VAULT_KEYS"],
  }),
  version: "bench",
  log: (line) => console.error(line),
  ...(variant === "forgetful" && { wrap: forgetful }),
});

beMeasured({ url: sluice.url, key, folder: directory }, async () => {
  await sluice.close();
  rmSync(directory, { recursive: true, force: true });
});
