import { z } from "zod";
import { PlaceName } from "../../../registry/environment.ts";
import { act } from "../../../registry/operation.ts";
import type { Taken } from "../arriving.ts";
import { takeCaptured } from "../capture.ts";
import { decided } from "../decided.ts";
import { archiveParts } from "../har/archive-parts.ts";
import { entryPlace } from "../har/entry-place.ts";
import { ImportOutcome, refusalsTold } from "../har/import-outcome.ts";
import { partsOf, planOf, type ImportPlan, type Usable } from "../har/import-plan.ts";
import { excludedBy, readyOf } from "../rules-in-force.ts";
import { tokenKeys } from "../token-keys.ts";

export const importHar = act({
  name: "import_har",
  title: "Import an HTTP archive",
  does: "Stores the requests of a HAR, as the network panel of a browser saves it, redacted like all that is captured. The same archive is stored once; a dry run says what would be.",
  verb: "POST",
  path: "/imports/har",
  scope: "traffic:capture",
  reach: "people",
  destructive: false,
  input: z.object({
    har: z
      .union([z.looseObject({}), z.string().min(1)])
      .meta({ secret: true })
      .describe("HAR 1.2, as JSON."),
    environment: PlaceName.optional().describe("Production, or a confined credential's own, if left out."),
    bucket: PlaceName.optional().describe("Default, or a confined credential's only one, if left out."),
  }),
  output: ImportOutcome,
  inParts: archiveParts,
  plan: planOf,
  preview(plan, { now, plan: { retentionDays: keepsDays } }) {
    const rules = { ...plan.rules, excludes: excludedBy(plan.rules), keepsDays };
    const parts = partsOf(plan, now).map(({ usable, arriving }) => {
      const { records, recorded, refused } = decided(arriving, rules);
      const leftOut = records.length - recorded.length;
      return { usable, accepted: recorded.length, leftOut, refused, refusedInAll: refused.length };
    });
    return outcome(plan, parts);
  },
  async perform(plan, context) {
    const { place, rules } = plan;
    const key = await tokenKeys(context).of(place.workspace, place.environment);
    const ready = readyOf(rules, key, context.plan.retentionDays);
    const parts: Part[] = [];
    const arrivals = partsOf(plan, context.now);
    const total = arrivals.reduce((sum, it) => sum + it.usable.length, 0);
    let looked = 0;
    for (const { usable, arriving } of arrivals) {
      context.progress(looked, total, "requests stored");
      looked += usable.length;
      const taken = await takeCaptured(place, arriving, ready, context);
      parts.push({ ...taken, accepted: taken.duplicate ? 0 : taken.accepted, usable });
    }
    return outcome(plan, parts);
  },
});

type Part = Pick<Taken, "accepted" | "leftOut" | "refused" | "refusedInAll"> & {
  readonly usable: readonly Usable[];
};

function outcome({ place, usable, problems, there }: ImportPlan, parts: readonly Part[]) {
  const sum = (of: (part: Part) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const refused = parts.flatMap((part) =>
    part.refused.map(({ index, pointer, message }) => ({
      at: part.usable[index]?.at ?? 0,
      pointer: entryPlace(pointer.replace(/^\/records\/\d+/, "")),
      problem: message,
    })),
  );
  const all = [...problems, ...refused].toSorted((a, b) => a.at - b.at);
  const moments = usable.map(({ record }) => record.startedAt);
  const moment = (ms: number): string | null =>
    moments.length === 0 ? null : new Date(Math.floor(ms)).toISOString();
  return {
    stored: sum(({ accepted }) => accepted),
    alreadyThere: there.size,
    leftOut: sum(({ leftOut }) => leftOut),
    refusedInAll: problems.length + sum(({ refusedInAll }) => refusedInAll),
    refused: all.slice(0, refusalsTold).map(({ at, pointer, problem }) => ({
      pointer: `/har/log/entries/${at}${pointer}`,
      message: problem,
    })),
    environment: place.environment,
    bucket: place.bucket,
    from: moment(moments.reduce((least, it) => Math.min(least, it), Infinity)),
    to: moment(moments.reduce((most, it) => Math.max(most, it), 0)),
  };
}
