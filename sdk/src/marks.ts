// What is remembered on objects of Node itself. The symbols are global: a second copy of this package in the process, which
// a bundler may have made, has to find what the first one wrote.
import type { Capture } from "./handle.ts";
import type { Observation } from "./observation.ts";

export const observed: unique symbol = Symbol.for("sluice-capture.observed");
export const openOnSocket: unique symbol = Symbol.for("sluice-capture.open");
export const guarded: unique symbol = Symbol.for("sluice-capture.guarded");
export const running: unique symbol = Symbol.for("sluice-capture.running");

declare module "http" {
  interface IncomingMessage {
    [observed]?: Observation;
  }
  interface Server {
    [guarded]?: true;
  }
}
declare module "net" {
  interface Socket {
    [openOnSocket]?: Set<() => void>;
  }
}
declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the only way to say it of `process`
  namespace NodeJS {
    interface Process {
      [running]?: Capture | undefined;
    }
  }
}
