import { hash } from "node:crypto";
import type { CapturedRecord } from "../../../../capture/wire.ts";
import { Failure } from "../../../kernel/failure.ts";
import { mayReach } from "../../../kernel/principal.ts";
import type { Context } from "../../../registry/context.ts";
import { bucket as bucketResource, requirePlace } from "../../../registry/environment.ts";
import type { Arriving } from "../arriving.ts";
import { recordsMax } from "../captured.ts";
import type { Place } from "../live-places.ts";
import { rulesSeen } from "../live-rules.ts";
import type { Rules } from "../rules-in-force.ts";
import { exchangeIdOf, knownAmong } from "../stored-record.ts";
import { untimely } from "../untimely.ts";
import { archiveOf, type Archive, type Entry } from "./archive.ts";

type Problem = { readonly at: number; readonly pointer: string; readonly problem: string };
export type Usable = Extract<Entry, { readonly record: CapturedRecord }>;

/** What an import comes to, before anything is written. */
export type ImportPlan = {
  readonly place: Place;
  readonly creator: string;
  readonly rules: Rules;
  readonly usable: readonly Usable[];
  readonly problems: readonly Problem[];
  /** Exchanges that are there from earlier. */
  readonly there: ReadonlySet<string>;
};

type Asked = {
  readonly har: unknown;
  readonly environment?: string | undefined;
  readonly bucket?: string | undefined;
};

/** @throws Failure invalid for what is no archive or a place that is not there, too_large, forbidden */
export async function planOf({ har, environment, bucket }: Asked, context: Context): Promise<ImportPlan> {
  const place = await placeOf({ environment, bucket }, context);
  const { entries, creator } = archiveOf(har);
  const { usable, problems } = sorted(entries, context);
  return {
    place,
    creator,
    rules: await rulesSeen(context.unit, place.environment),
    usable,
    problems,
    there: await knownAmong(
      usable.map(({ record }) => exchangeIdOf(place, record.id)),
      context.workspace,
      context.ledger,
    ),
  };
}

async function placeOf(
  asked: { readonly environment: string | undefined; readonly bucket: string | undefined },
  { unit, principal, workspace }: Context,
): Promise<Place> {
  const { environment: own, buckets = [] } = principal.confines;
  const environment = asked.environment ?? own ?? "production";
  const name = asked.bucket ?? (buckets.length === 1 ? buckets[0] : undefined) ?? "default";
  if (!mayReach(principal, { environment, bucket: name }))
    throw new Failure("forbidden", "This credential is confined to another part of the workspace.", {
      pointer: own !== undefined && environment !== own ? "/environment" : "/bucket",
    });
  await requirePlace(unit, { environment, bucket: name });
  const row = await unit.byKey(bucketResource, "name", `${environment}/${name}`);
  if (row === undefined) throw new Error("the bucket that was just required is not there");
  return { workspace, environment, bucket: name, id: row.id };
}

/** Records that would be removed at once, since nothing so old is kept, or that are to come yet, are problems too. */
function sorted(
  entries: Archive["entries"],
  { now, plan: { retentionDays: keepsDays } }: Context,
): Pick<ImportPlan, "usable" | "problems"> {
  const times = { receivedAt: now, keepsDays };
  const usable: Usable[] = [];
  const problems: Problem[] = [];
  for (const entry of entries) {
    const problem = "record" in entry ? untimely(entry.record.startedAt, times) : undefined;
    if (!("record" in entry)) problems.push(entry);
    else if (problem === undefined) usable.push(entry);
    else problems.push({ at: entry.at, pointer: "/startedDateTime", problem });
  }
  return { usable, problems };
}

/** What is new of an archive, as it is taken in at a time. The id of a part is that of all of it: new or not. */
export function partsOf(
  { usable, there, place, creator }: ImportPlan,
  receivedAt: number,
): readonly { readonly usable: readonly Usable[]; readonly arriving: Arriving }[] {
  const count = Math.ceil(usable.length / recordsMax);
  return Array.from({ length: count }, (_, n) => {
    const part = usable.slice(n * recordsMax, (n + 1) * recordsMax);
    const fresh = part.filter(({ record }) => !there.has(exchangeIdOf(place, record.id)));
    const arriving: Arriving = {
      id: hash("sha256", part.map(({ record }) => record.id).join()).slice(0, 32),
      source: { name: "har", version: creator, service: "", instance: "" },
      records: fresh.map(({ record }) => record),
      summaries: [],
      counted: false,
      dropped: { records: 0, summaries: 0, reasons: {} },
      receivedAt,
    };
    return { usable: fresh, arriving };
  }).filter(({ usable: fresh }) => fresh.length > 0);
}
