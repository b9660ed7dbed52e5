import type { BlockRule } from "../../capture/wire.ts";
import type { Place } from "./place.ts";

/** What the worker is started with. */
export type WorkerStart = {
  readonly place: Place;
  readonly service: string;
  readonly instance: string;
  readonly settingsFolder: string | null;
  readonly withDefaults: boolean;
  readonly gauges: SharedArrayBuffer;
  /** What a worker before it had taken and not sent. */
  readonly lost: { readonly records: number; readonly summaries: number };
};

/** To the worker. A packet is transferred, not copied. */
export type ToWorker =
  | { readonly packet: ArrayBuffer; readonly used: number }
  | { readonly full: { readonly records: number; readonly summaries: number } }
  | { readonly flush: number };

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
