import type { AsyncLocalStorage } from "node:async_hooks";
import type { Blocking } from "./blocking.ts";
import type { Allowance } from "./body-tee.ts";
import type { Cause } from "./observation.ts";
import type { Recipient } from "./recipient.ts";

/** What every tap works with. */
export type Taps = {
  readonly allowance: Allowance;
  /** The request that is being handled, wherever its handler has got to. */
  readonly storage: AsyncLocalStorage<Cause>;
  readonly recipient: Recipient;
  readonly blocking: Blocking;
};
