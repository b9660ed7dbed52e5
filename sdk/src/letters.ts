import type { BlockRule } from "../../capture/wire.ts";
import type { Place } from "./place.ts";
import type { RingMemory } from "./ring.ts";

/** What the worker is started with. */
export type WorkerStart = {
  readonly place: Place;
  readonly service: string;
  readonly instance: string;
  readonly settingsFolder: string | null;
  readonly withDefaults: boolean;
  readonly gauges: SharedArrayBuffer;
  readonly ring: RingMemory;
  /** What a worker before it had taken and not sent. */
  readonly lost: { readonly records: number; readonly summaries: number };
};

/** To the worker. What was seen does not come by letter, but through the ring. */
export type ToWorker = { readonly flush: number };

/** From the worker. */
export type FromWorker =
  | {
      readonly settings: {
        readonly revision: string;
        readonly bodyBytesMax: number;
        readonly blocks: readonly BlockRule[];
      };
    }
  | { readonly trouble: string | null }
  | { readonly flushed: number; readonly complete: boolean };
