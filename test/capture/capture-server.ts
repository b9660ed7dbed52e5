import type { TestContext } from "node:test";
import { compose, type Sluice } from "../../src/compose.ts";
import { config } from "../../src/config.ts";
import type { Exchange } from "../../src/kernel/exchange.ts";
import { asking, type Ask } from "../journeys/asking.ts";
import { exampleKey, freshFolder } from "../journeys/server-process.ts";

export type CaptureServer = {
  readonly sluice: Sluice;
  readonly url: string;
  readonly key: string;
  readonly ask: Ask;
  readonly workspace: string;
  /** What was captured, oldest first, with its content. */
  stored(): Promise<readonly Exchange[]>;
};

/** A whole server, on a free port of loopback, whose key is `exampleKey`. */
export async function captureServer(t: TestContext): Promise<CaptureServer> {
  const sluice = await compose({
    config: config({
      SLUICE_DATA_DIR: await freshFolder(t),
      SLUICE_PORT: "0",
      SLUICE_BOOTSTRAP_API_KEY: exampleKey,
      SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
    }),
    version: "0.0.0",
    log: (line) => t.diagnostic(line),
  });
  t.after(() => sluice.close());
  const [workspace] = await sluice.engines.store.records.every("workspace", { limit: 1 });
  const id = workspace?.id ?? "";
  return {
    sluice,
    url: sluice.url,
    key: exampleKey,
    ask: asking(sluice.url, exampleKey),
    workspace: id,
    async stored() {
      const { rows } = await sluice.engines.ledger.find({
        workspace: id,
        where: { plane: "traffic", kinds: ["request", "outbound"] },
        limit: 1_000,
        content: true,
      });
      return rows.toReversed();
    },
  };
}
