/** Why a call's signal was aborted when its caller said so: what it began is to be stopped. */
export const cancelled = Symbol("cancelled");

/** Not when the caller is merely gone, or waited as long as a call may take. */
export function isCancelled({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason === cancelled;
}
