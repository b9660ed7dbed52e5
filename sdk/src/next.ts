import { capture } from "./capture.ts";
import { noteOnCurrent } from "./current.ts";
import { isNextOnNode } from "./options.ts";

/**
 * For `instrumentation.ts` of a Next.js application: `export { register, onRequestError } from "sluice-capture/next"`.
 * Name the package in `serverExternalPackages` of `next.config`, since its worker is a file of its own.
 */
export async function register(): Promise<void> {
  // The same file is loaded for the edge runtime, which has no servers of Node.
  if (isNextOnNode()) capture();
}

/** Next.js calls it with what a handler threw. */
export function onRequestError(error: unknown): void {
  noteOnCurrent(error);
}
