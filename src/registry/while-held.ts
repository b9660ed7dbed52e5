import type { Watch } from "./credential-watch.ts";
import type { Credentials } from "./credentials.ts";

/** What ends work before it is done. */
export type Ends = {
  readonly watch: Watch;
  readonly credentials: Credentials;
  /** Of whoever may give it up. */
  readonly caller: { readonly signal: AbortSignal };
  /** How long it may take; absent = as long as it likes. */
  readonly msMax?: number;
};

/**
 * Does something while the credentials hold that it is done by. Its signal is aborted once they do not, the caller is gone
 * or the time is up, counted from the first look at the signal: what never looks costs nothing and is not watched.
 *
 * @throws why the credentials hold no more, whatever came of it; else what `work` throws
 */
export async function whileHeld<T>(
  { watch, credentials, caller, msMax }: Ends,
  work: (conduct: { readonly signal: AbortSignal }) => Promise<T> | T,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  let signal: AbortSignal | undefined;
  let lost: { readonly reason: unknown } | undefined;

  function begin(): AbortSignal {
    const abort = new AbortController();
    if (msMax !== undefined) timer = setTimeout(() => abort.abort(), msMax);
    stop = watch({
      credentials,
      over(reason) {
        lost = { reason };
        abort.abort(reason);
      },
    });
    return AbortSignal.any([abort.signal, caller.signal]);
  }

  try {
    const result = await work({
      get signal() {
        signal ??= begin();
        return signal;
      },
    });
    if (lost === undefined) return result;
  } catch (error) {
    if (lost === undefined) throw error;
  } finally {
    clearTimeout(timer);
    stop?.();
  }
  throw lost.reason;
}
