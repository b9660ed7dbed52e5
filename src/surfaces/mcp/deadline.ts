/** How long a call may take over MCP. */
export const callMsMax = 120_000;

export type Deadline = {
  /** Aborted once the time is up, counted from the first look at it, or the caller is gone: lists never look. */
  readonly signal: AbortSignal;
  clear(): void;
};

export function deadline(ms: number, caller: { readonly signal: AbortSignal }): Deadline {
  let timer: NodeJS.Timeout | undefined;
  let signal: AbortSignal | undefined;
  function begin(): AbortSignal {
    const abort = new AbortController();
    timer = setTimeout(() => abort.abort(), ms);
    return AbortSignal.any([abort.signal, caller.signal]);
  }
  return {
    get signal() {
      signal ??= begin();
      return signal;
    },
    clear: () => clearTimeout(timer),
  };
}
