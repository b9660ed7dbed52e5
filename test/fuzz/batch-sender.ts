import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { createManagementToken } from "../../src/planes/account/operations/create-management-token.ts";
import { CapturedBatch, CapturedSummary, SentRecord } from "../../src/planes/traffic/captured.ts";
import { recordIdOf } from "../../src/planes/traffic/stored-record.ts";
import type { RunningWorld } from "../running-world.ts";
import { assertAsSent, countOf, isExcluded, type Books } from "./capture-books.ts";
import type { Posted } from "./captured-batches.ts";
import type { Sent } from "./captured-records.ts";
import { placeIn } from "./places.ts";
import { post } from "./post.ts";
import { assertProblem } from "./problems.ts";

const Taken = z.strictObject({
  accepted: z.int(),
  duplicate: z.boolean(),
  leftOut: z.int(),
  refused: z.array(z.strictObject({ index: z.int(), pointer: z.string(), message: z.string().min(1) })),
  refusedInAll: z.int(),
  settings: z.string(),
});
type Taken = z.output<typeof Taken>;

/** A credential that may bring in captured traffic and nothing else, as headers. */
export async function captureCredential(
  world: RunningWorld,
  workspace: string,
): Promise<Readonly<Record<string, string>>> {
  const made = await world.call(workspace, createManagementToken, {
    name: "fuzz",
    scopes: ["traffic:capture"],
  });
  const credential = { "x-management-token": String(made["secret"]) };
  // That a credential is used is noted the first time, whatever came of it.
  const settings = await fetch(`${world.url}/capture/v1/settings`, { headers: credential });
  assert.equal(settings.status, 200, await settings.text());
  return credential;
}

/** Posts batches and writes down what was answered. Answers whether one was taken. */
export async function openBatchSender(
  world: RunningWorld,
  workspace: string,
  books: Books,
): Promise<(posted: Posted) => Promise<boolean>> {
  const credential = await captureCredential(world, workspace);
  const known = new Set<string>();

  return async (posted) => {
    const was = world.commits();
    const headers = {
      ...credential,
      "content-type": posted.type,
      "content-encoding": posted.encoding,
      "x-sluice-bucket": posted.bucket,
    };
    const response = await post(`${world.url}/capture/v1/batches`, headers, posted.body);
    const text = await response.text();
    assert.ok(response.status < 500, `${response.status} ${text} ${world.log.at(-1)}`);
    if (response.status !== 202) {
      const problem = assertProblem(response, text);
      if (posted.meant !== "either") assert.equal(response.status, posted.meant, text);
      if (response.status === 400 && problem.pointer !== undefined)
        assert.ok(placeIn(problem.pointer, jsonOf(posted)), `${problem.pointer} is no place: ${text}`);
      assert.equal(world.commits(), was, `refused by ${response.status}, and yet something was written`);
      return false;
    }
    assert.ok(posted.meant === "taken" || posted.meant === "either", `taken: ${posted.meant}`);
    const taken = Taken.parse(JSON.parse(text));
    await entered(posted, taken);
    return true;
  };

  async function entered(posted: Posted, taken: Taken): Promise<void> {
    const place = await books.place(posted.bucket);
    const bytes = bytesOf(posted);
    const batch = CapturedBatch.parse(jsonOf(posted));
    const id = batch.id ?? hash("sha256", bytes).slice(0, 32);
    const key = `${place.id}/${id}`;
    assert.equal(taken.duplicate, known.has(key), "a batch is known by its id");
    known.add(key);
    const refused = refusedIn(taken, batch, posted.sent);
    const good = batch.records.flatMap((it, n) => (refused.records.has(n) ? [] : [SentRecord.parse(it)]));
    const kept = good.filter((it) => !isExcluded(it));
    assert.deepEqual(
      { accepted: taken.accepted, leftOut: taken.leftOut, refusedInAll: taken.refusedInAll },
      {
        accepted: kept.length,
        leftOut: good.length - kept.length,
        refusedInAll: refused.records.size + refused.summaries.size,
      },
    );
    const { accepted, leftOut, refusedInAll } = taken;
    books.receipt({ batch: id, accepted, leftOut, refused: refusedInAll });
    if (taken.duplicate) return;
    const isNew = books.newRecords(place);
    for (const [n, it] of batch.records.entries()) {
      if (refused.records.has(n)) continue;
      const record = SentRecord.parse(it);
      const recordId = record.id ?? recordIdOf(record.startedAt, JSON.stringify(record));
      const counts = isNew(recordId) && !batch.counted && record.kind === "request";
      if (!isExcluded(record)) books.stored(place, recordId, (exchange) => assertAsSent(exchange, record));
      if (counts) books.counted(countOf(record));
    }
    for (const [n, it] of batch.summaries.entries())
      if (!refused.summaries.has(n)) books.counted(CapturedSummary.parse(it));
  }
}

type Refused = Readonly<Record<"records" | "summaries", ReadonlySet<number>>>;

/** Which records and series were refused: those that had to be, each with the place of what is wrong with it. */
function refusedIn(taken: Taken, batch: CapturedBatch, sent: readonly Sent[]): Refused {
  const refused = { records: new Set<number>(), summaries: new Set<number>() };
  const told = new Map(taken.refused.map((it) => [it.pointer.split("/", 3).join("/"), it]));
  for (const { pointer, index, message } of taken.refused) {
    const list = pointer.startsWith("/records/") ? "records" : "summaries";
    assert.ok(pointer.startsWith(`/${list}/${index}`), pointer);
    assert.ok(placeIn(pointer, batch), `${pointer} is no place: ${message}`);
    refused[list].add(index);
  }
  for (const [n, { meant }] of sent.entries()) {
    const pointer = told.get(`/records/${n}`)?.pointer;
    if (meant === "either") continue;
    if (meant === "taken") assert.equal(pointer, undefined, told.get(`/records/${n}`)?.message);
    else if (told.size < taken.refusedInAll) refused.records.add(n);
    else
      assert.ok(pointer?.startsWith(`/records/${n}${meant.refusedAt}`), `${pointer} for ${meant.refusedAt}`);
  }
  return refused;
}

function bytesOf({ body, encoding }: Posted): Buffer {
  return encoding === "gzip" ? gunzipSync(body) : body;
}

/** undefined = it is no JSON. */
function jsonOf(posted: Posted): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(posted)));
  } catch {
    return undefined;
  }
}
