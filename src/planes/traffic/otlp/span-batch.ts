import { hash } from "node:crypto";
import type { CapturedRecord } from "../../../../capture/wire.ts";
import { PlaceName } from "../../../registry/environment.ts";
import { placeOfSender, reachedPlace, type Sender } from "../capture-place.ts";
import type { Arriving, Taken } from "../arriving.ts";
import type { Capture } from "../capture.ts";
import { recordsMax } from "../captured.ts";
import type { Place } from "../live-places.ts";
import { textOf } from "./http-attributes.ts";
import { isExchange, recordOfSpan, unusable } from "./span-record.ts";
import type { Attributes, SpansOfResource } from "./span.ts";
import type { TraceMemory } from "./trace-memory.ts";

const problemsTold = 5;
const labelCharactersMax = 200;

/** Where spans are recorded, and what is remembered of those before them. */
export type Means = { readonly capture: Capture; readonly memory: TraceMemory };
type Placed = SpansOfResource & { readonly place: Place };
type Part = Pick<Placed, "place" | "resource"> & { readonly records: readonly CapturedRecord[] };

/**
 * Records the spans that are about HTTP; resolves once they are durable, with how many could not be recorded and why.
 *
 * @throws Failure invalid for a place that is not there, unavailable
 */
export async function takeSpans(
  all: readonly SpansOfResource[],
  { sender, receivedAt }: { readonly sender: Sender; readonly receivedAt: number },
  { capture, memory }: Means,
): Promise<{ readonly rejected: number; readonly why: string }> {
  const placeOf = placeNames(sender, await placeOfSender(sender, capture), capture);
  const placed = await Promise.all(all.map(async (it) => ({ ...it, place: await placeOf(it.resource) })));
  const rejected = new Rejections();
  // What belongs together may come under several resources of a place.
  const byPlace = Map.groupBy(placed, ({ place }) => place.id);
  const taken = await Promise.all(
    [...byPlace.values()].map(async (here) => {
      const parts: Taken[] = [];
      // One after the other: a span that stands in two of them counts once.
      for (const part of partsOf(here, memory, receivedAt, rejected))
        parts.push(await capture.take(part.place, arriving(part, receivedAt)));
      return parts;
    }),
  );
  for (const { refused: some, refusedInAll } of taken.flat())
    rejected.add(
      refusedInAll,
      some.map(({ pointer, message }) => `${pointer.replace(/^\/records\/\d+/, "")} ${message}`.trim()),
    );
  return { rejected: rejected.count, why: rejected.message };
}

/** Spans that are about HTTP and cannot be recorded. */
class Rejections {
  readonly #reasons = new Set<string>();
  count = 0;

  add(count: number, reasons: readonly string[]): void {
    this.count += count;
    for (const reason of reasons) if (this.#reasons.size < problemsTold) this.#reasons.add(reason);
  }

  get message(): string {
    return [...this.#reasons].join("; ");
  }
}

/** All spans of one place, as what is recorded of them at a time. */
function partsOf(
  here: readonly Placed[],
  memory: TraceMemory,
  receivedAt: number,
  rejected: Rejections,
): readonly Part[] {
  const [first] = here;
  const usable = here.map((it) => ({
    ...it,
    spans: it.spans.filter((span) => unusable(span) === undefined),
  }));
  const spans = usable.flatMap((it) => it.spans);
  const joined = memory.join(first?.place.id ?? "", spans, receivedAt);
  for (const span of here.flatMap((it) => it.spans)) {
    const problem = isExchange(span) ? unusable(span) : undefined;
    if (problem !== undefined) rejected.add(1, [problem]);
  }
  return usable.flatMap(({ place, resource, spans: own }) => {
    const records = own.filter(isExchange).map((span) => recordOfSpan(span, joined));
    return chunks(records).map((chunk) => ({ place, resource, records: chunk }));
  });
}

function chunks(records: readonly CapturedRecord[]): readonly (readonly CapturedRecord[])[] {
  const count = Math.ceil(records.length / recordsMax);
  return Array.from({ length: count }, (_, n) => records.slice(n * recordsMax, (n + 1) * recordsMax));
}

function arriving({ resource, records }: Part, receivedAt: number): Arriving {
  return {
    id: hash("sha256", records.map(({ id }) => id).join()).slice(0, 32),
    source: sourceOf(resource),
    records,
    summaries: [],
    counted: false,
    dropped: { records: 0, summaries: 0, reasons: {} },
    receivedAt,
  };
}

/** Where a resource says it is deployed, if there is such an environment and the request itself does not name one. */
function placeNames(
  sender: Sender,
  usual: Place,
  capture: Capture,
): (resource: Attributes) => Promise<Place> {
  const known = new Map<string, Promise<Place | undefined>>();
  return async (resource) => {
    if (sender.environment !== undefined) return usual;
    const name = textOf(resource, "deployment.environment.name", "deployment.environment");
    if (!PlaceName.safeParse(name).success) return usual;
    const place = known.get(name) ?? reachedPlace(sender, name, capture);
    known.set(name, place);
    return (await place) ?? usual;
  };
}

function sourceOf(resource: Attributes): Arriving["source"] {
  const label = (name: string): string => textOf(resource, name).slice(0, labelCharactersMax);
  return {
    name: "opentelemetry",
    version: label("telemetry.sdk.version"),
    service: label("service.name"),
    instance: label("service.instance.id"),
  };
}
