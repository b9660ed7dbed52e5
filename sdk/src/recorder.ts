import { typedPath } from "../../capture/typed-path.ts";
import type { CapturedRecord } from "../../capture/wire.ts";
import { batchBytesMax } from "./budget.ts";
import { capturedRecord, hostOf, type Described } from "./captured.ts";
import { wallMs } from "./clock.ts";
import type { Waiting } from "./delivery.ts";
import type { Gauges } from "./gauges.ts";
import { Keeping, type Wanted } from "./keeping.ts";
import { headersOf, type Frame } from "./frame.ts";
import type { Ruleset } from "./ruleset.ts";
import { shapeOf, shapeOnly } from "./shape-only.ts";

/** Shapes of a minute that are recorded before the server has said how many it wants. */
const shapesPerMinuteMax = 1_000;
const routesRemembered = 1_000;

/** Makes of each frame what is sent of it: a count in the summaries, and a record where one is wanted. */
export class Recorder {
  readonly #waiting: Waiting;
  readonly #gauges: Gauges;
  readonly #keeping = new Keeping();
  readonly #routes = new Map<string, string>();
  #rulesOfRoutes: Ruleset | undefined;

  constructor(waiting: Waiting, gauges: Gauges) {
    this.#waiting = waiting;
    this.#gauges = gauges;
  }

  async take(frame: Frame, rules: Ruleset | undefined): Promise<void> {
    if (frame.kind === "request") this.#count(frame, rules);
    if (!frame.whole) {
      this.#lose("queue_full", "droppedQueueFull", 1);
      return;
    }
    const requestHeaders = headersOf(frame.ending.requestHead);
    const weight = this.#weightOf(frame, hostOf(requestHeaders), rules);
    if (weight === undefined) return;
    const described: Described = {
      frame,
      route: frame.route === null ? null : this.#clean(frame.route, rules),
      weight,
      request: { headers: requestHeaders, ...frame.request },
      response: { headers: headersOf(frame.ending.responseHead), ...frame.response },
    };
    this.#queue(rules === undefined ? shapeOnly(described) : await capturedRecord(described, rules));
  }

  #count(frame: Frame, rules: Ruleset | undefined): void {
    const { startedAt, durationMs, ending, request, response, route } = frame;
    const fits = this.#waiting.summaries.add({
      at: startedAt,
      method: ending.method,
      route: route === null ? cleanPath(ending.target, rules) : this.#clean(route, rules),
      status: ending.status ?? 0,
      outcome: ending.outcome,
      requestBytes: request.size,
      responseBytes: response.size,
      durationMs,
    });
    if (fits) return;
    this.#waiting.losses.add("queue_full", { summaries: 1 });
    this.#gauges.add("droppedSummaries", 1);
  }

  /** Undefined when it is not to be recorded. */
  #weightOf(frame: Frame, host: string, rules: Ruleset | undefined): number | undefined {
    const { ending, id, parent } = frame;
    const seen = {
      method: ending.method,
      target: ending.target,
      host,
      ip: ending.ip || null,
      status: ending.status,
      headers: headersOf(ending.requestHead),
    };
    const candidate = { seen, outcome: ending.outcome, root: parent ?? id, atMs: wallMs() };
    const verdict = this.#keeping.decide(rules ?? withoutSettings, candidate);
    if (verdict.kept) return verdict.weight;
    if (verdict.overLimit) this.#lose("over_limit", "droppedOverLimit", 1);
    return undefined;
  }

  /** Templates are few and recur; the place where a router is mounted may hold what has to be redacted. */
  #clean(route: string, rules: Ruleset | undefined): string {
    if (this.#rulesOfRoutes !== rules || this.#routes.size >= routesRemembered) this.#routes.clear();
    this.#rulesOfRoutes = rules;
    let clean = this.#routes.get(route);
    if (clean === undefined) this.#routes.set(route, (clean = cleanPath(route, rules)));
    return clean;
  }

  #queue(record: CapturedRecord): void {
    const bytes = Buffer.from(JSON.stringify(record));
    if (bytes.length > batchBytesMax) {
      this.#lose("too_large", "droppedTooLarge", 1);
      return;
    }
    this.#lose("queue_full", "droppedQueueFull", this.#waiting.queue.add(bytes));
  }

  #lose(
    reason: "queue_full" | "too_large" | "over_limit",
    figure: "droppedQueueFull" | "droppedTooLarge" | "droppedOverLimit",
    records: number,
  ): void {
    this.#waiting.losses.add(reason, { records });
    this.#gauges.add(figure, records);
  }
}

const withoutSettings: Wanted = {
  isExcluded: () => false,
  samplingOf: () => undefined,
  settings: { payloadsPerMinuteMax: shapesPerMinuteMax },
};

function cleanPath(path: string, rules: Ruleset | undefined): string {
  return rules === undefined ? shapeOf(path) : typedPath(rules.redactor.target(path));
}
