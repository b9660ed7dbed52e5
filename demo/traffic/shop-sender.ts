import { hexOf, type Random } from "./random.ts";
import { shopRecord, type Release } from "./shop.ts";

const recordsOfBatch = 500;

/** When, and how much of it. */
export type Span = { readonly from: number; readonly to: number; readonly perMinute: number };

/** Sends made-up traffic of a span to a server, as an agent would, oldest first; answers how many records were taken. */
export async function sendShop(
  server: { readonly url: string; readonly key: string },
  random: Random,
  span: Span,
  release?: Release,
): Promise<number> {
  const count = Math.round(((span.to - span.from) / 60_000) * span.perMinute);
  const moments = Array.from(
    { length: count },
    () => span.from + Math.floor(random() * (span.to - span.from)),
  );
  moments.sort((a, b) => a - b);
  let taken = 0;
  for (let from = 0; from < moments.length; from += recordsOfBatch) {
    const records = moments.slice(from, from + recordsOfBatch).map((at) => shopRecord(random, at, release));
    taken += await sendBatch(server, {
      id: hexOf(random, 32),
      agent: { name: "shop-demo", version: "1", service: "shop-api", instance: "demo" },
      sentAt: Date.now(),
      records,
    });
  }
  return taken;
}

async function sendBatch(
  { url, key }: { readonly url: string; readonly key: string },
  batch: object,
): Promise<number> {
  const response = await fetch(`${url}/capture/v1/batches`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(batch),
  });
  const answer: unknown = await response.json();
  if (response.status !== 202)
    throw new Error(`the batch was answered ${response.status}: ${JSON.stringify(answer)}`);
  if (typeof answer !== "object" || answer === null || !("accepted" in answer)) throw new Error("no receipt");
  return Number(answer.accepted);
}
