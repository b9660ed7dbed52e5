import { AsyncLocalStorage } from "node:async_hooks";
import { noteError, type Cause } from "./observation.ts";

/** The request that is being handled, wherever its handler has got to. */
export const current = new AsyncLocalStorage<Cause>();

/** Keeps what went wrong in it. */
export function noteOnCurrent(error: unknown): void {
  const cause = current.getStore();
  if (cause !== undefined) noteError(cause, error);
}
