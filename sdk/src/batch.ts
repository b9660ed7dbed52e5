import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { CapturedBatch, CapturedSummary } from "../../capture/wire.ts";

const compress = promisify(gzip);

export type Load = {
  readonly records: readonly Buffer[];
  readonly summaries: readonly CapturedSummary[];
  readonly dropped: CapturedBatch["dropped"];
};

/** What is sent, as it is: a try after a failure sends the same bytes under the same id. */
export type Batch = Omit<Load, "records"> & {
  readonly id: string;
  /** JSON, compressed by gzip. */
  readonly body: Buffer;
  readonly recordCount: number;
};

export async function batchOf(load: Load, agent: CapturedBatch["agent"], sentAt: number): Promise<Batch> {
  const { records, summaries, dropped } = load;
  const id = randomBytes(16).toString("hex");
  const head = JSON.stringify({ id, agent, sentAt, counted: true, summaries, dropped });
  const parts: Buffer[] = [Buffer.from(`${head.slice(0, -1)},"records":[`)];
  for (const [at, record] of records.entries()) parts.push(...(at === 0 ? [record] : [comma, record]));
  parts.push(Buffer.from("]}"));
  const body = await compress(Buffer.concat(parts), { level: constants.Z_BEST_SPEED });
  return { id, body, summaries, dropped, recordCount: records.length };
}

const comma = Buffer.from(",");
