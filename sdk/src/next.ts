import { capture } from "./capture.ts";
import { noteOnCurrent } from "./current.ts";

/**
 * For `register` in `instrumentation.ts` of a Next.js application, where `NEXT_RUNTIME` is `nodejs`: the edge runtime has
 * no servers of Node. Name the package in `serverExternalPackages` of `next.config`, since its worker is a file of its own.
 */
export function register(): void {
  capture();
}

/** For `onRequestError` of the same file: tells Sluice what a handler threw. */
export function onRequestError(error: unknown): void {
  noteOnCurrent(error);
}
