/** Listeners that are told, at most once per turn of the event loop, that something happened. */
export type Signal = {
  raise(): void;
  /** Returns how to stop. */
  listen(listener: () => void): () => void;
};

export function signal(): Signal {
  const listeners = new Set<() => void>();
  let raised = false;
  const call = () => {
    raised = false;
    for (const listener of listeners) listener();
  };
  return {
    raise() {
      if (raised || listeners.size === 0) return;
      raised = true;
      setImmediate(call);
    },
    listen(listener) {
      // The same function may listen twice.
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
