import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { z } from "zod";
import { archiveOf, type Archive } from "../../src/planes/traffic/har/archive.ts";
import { importHar } from "../../src/planes/traffic/operations/import-har.ts";
import { selfHosted } from "../../src/registry/workspace.ts";
import type { Output } from "../../src/registry/invoke.ts";
import type { RunningWorld } from "../running-world.ts";
import { surfaces } from "../surface-calls.ts";
import type { Imported } from "./archives.ts";
import { countOf, isExcluded, type Books } from "./capture-books.ts";
import { courtOf, judge } from "./verdicts.ts";

const dayMs = 86_400_000;

const Outcome = z.looseObject({
  stored: z.int(),
  alreadyThere: z.int(),
  leftOut: z.int(),
  refusedInAll: z.int(),
  refused: z.array(z.object({ pointer: z.string(), message: z.string().min(1) })),
});
type Outcome = z.output<typeof Outcome>;
type Usable = Extract<Archive["entries"][number], { record: unknown }>;

/** Imports archives, over REST and without, and writes down what was answered. Answers whether one was taken. */
export async function openImporter(
  world: RunningWorld,
  workspace: string,
  books: Books,
): Promise<(imported: Imported) => Promise<boolean>> {
  const court = courtOf(importHar, world, workspace);
  const there = new Set<string>();
  const known = new Set<string>();

  return async (imported) => {
    const input = { har: imported.har, bucket: imported.bucket };
    const rehearsed = await surfaces.direct(court.reach, { ...input, dryRun: true });
    const done = await judge(court, input, typeof imported.har === "string" ? "direct" : "rest");
    if ("fails" in done) {
      assert.equal(imported.entries, undefined, `an archive is refused: ${JSON.stringify(done.fails)}`);
      return false;
    }
    assert.ok("gives" in rehearsed);
    const { dryRun: _, ...preview } = rehearsed.gives;
    assert.deepEqual(done.gives, preview, "a dry run says what is done");
    await entered(imported, done.gives);
    return true;
  };

  async function entered({ har, bucket, entries: sent }: Imported, gives: Output): Promise<void> {
    const outcome = Outcome.parse(gives);
    const place = await books.place(bucket);
    const { entries } = archiveOf(har);
    const refused = refusedIn(outcome);
    for (const [n, { meant }] of (sent ?? []).entries())
      if (meant !== "either")
        assert.equal(refused.has(n), meant === "refused", `entry ${n}: ${outcome.refused[0]?.message}`);
    const now = world.clock.now();
    const [oldest, newest] = [now - selfHosted.retentionDays * dayMs, now + dayMs];
    const usable = entries.filter(
      (it): it is Usable => "record" in it && it.record.startedAt >= oldest && it.record.startedAt <= newest,
    );
    const keyOf = ({ record }: Usable): string => `${place.id}/${record.id}`;
    const fresh = usable.filter((it) => !there.has(keyOf(it)));
    const good = fresh.filter(({ at }) => !refused.has(at));
    const kept = good.filter(({ record }) => !isExcluded(record));
    const batch = hash("sha256", usable.map(({ record }) => record.id).join()).slice(0, 32);
    const isKnown = known.has(`${place.id}/${batch}`);
    assert.deepEqual(
      [outcome.stored, outcome.alreadyThere, outcome.leftOut, outcome.refusedInAll],
      [kept.length, usable.length - fresh.length, good.length - kept.length, refused.size],
    );
    assert.equal(
      outcome.stored + outcome.alreadyThere + outcome.leftOut + outcome.refusedInAll,
      entries.length,
      "nothing is left over",
    );
    if (fresh.length === 0) return;
    books.receipt({
      batch,
      accepted: kept.length,
      leftOut: good.length - kept.length,
      refused: fresh.length - good.length,
    });
    known.add(`${place.id}/${batch}`);
    const isNew = books.newRecords(place);
    const counted = good.filter(({ record }) => isNew(record.id));
    for (const it of kept) {
      there.add(keyOf(it));
      const { method, status, host } = it.record;
      books.stored(place, it.record.id, (exchange) =>
        assert.partialDeepStrictEqual(exchange, { kind: "request", method, status, host }),
      );
    }
    if (!isKnown) for (const { record } of counted) books.counted(countOf(record));
  }
}

/** Which entries were refused; each is named with a member that entries have. */
function refusedIn({ refused, refusedInAll }: Outcome): ReadonlySet<number> {
  assert.equal(refused.length, refusedInAll, "all are told");
  return new Set(
    refused.map(({ pointer, message }) => {
      const [, at, member = ""] = /^\/har\/log\/entries\/(\d+)\/(.*)$/.exec(pointer) ?? [];
      assert.ok(members.has(member), `${pointer} is no place: ${message}`);
      return Number(at);
    }),
  );
}

const members: ReadonlySet<string> = new Set([
  "startedDateTime",
  "time",
  "request/url",
  "request/method",
  "response/status",
]);
