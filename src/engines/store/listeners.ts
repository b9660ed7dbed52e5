import type { StoredRecord } from "./store.ts";

type Listener = (changed: readonly StoredRecord[]) => void;

/** Those who follow changes. What one of them throws goes to `report`, which must not throw; the others are called. */
export function changeListeners(report: (bug: unknown) => void) {
  let listeners: readonly { readonly call: Listener }[] = [];
  return {
    add(call: Listener): () => void {
      const listener = { call };
      listeners = [...listeners, listener];
      return () => {
        listeners = listeners.filter((other) => other !== listener);
      };
    },
    tell(changed: readonly StoredRecord[]): void {
      if (changed.length === 0) return;
      for (const { call } of listeners) {
        try {
          call(changed);
        } catch (error) {
          report(error);
        }
      }
    },
  };
}

/** Where bugs go when nobody wants to be told: Node prints them on standard error. */
export function warn(bug: unknown): void {
  process.emitWarning(bug instanceof Error ? bug : new Error(String(bug)));
}
