import type { Ask } from "../ask.ts";
import type { Kind } from "./kind.ts";
import { liveRecords, type Live } from "./live.ts";

/** What the server has, and what a plan adds to it and takes away, while the plan is made. */
export type Outlook = {
  readonly live: (section: string) => Promise<ReadonlyMap<string, Live>>;
  /** What the plan will have made by then, by their keys: what brings each along, or null. */
  readonly coming: (section: string) => ReadonlyMap<string, string | null>;
  readonly leaving: (section: string) => ReadonlySet<string>;
  readonly noteComing: (kind: Kind, key: string) => void;
  readonly noteLeaving: (kind: Kind, key: string) => void;
};

export function outlookOver(kinds: readonly Kind[], ask: Ask): Outlook {
  const live = new Map<string, Promise<ReadonlyMap<string, Live>>>();
  const coming = new Map(kinds.map(({ name }) => [name, new Map<string, string | null>()]));
  const leaving = new Map(kinds.map(({ name }) => [name, new Set<string>()]));
  return {
    live(section) {
      const kind = kinds.find(({ name }) => name === section);
      const found = live.get(section) ?? (kind ? liveRecords(kind, ask) : Promise.resolve(new Map()));
      live.set(section, found);
      return found;
    },
    coming: (section) => coming.get(section) ?? new Map(),
    leaving: (section) => leaving.get(section) ?? new Set(),
    noteComing({ name, brings }, key) {
      coming.get(name)?.set(key, null);
      for (const it of brings(key)) coming.get(it.section)?.set(it.key, `${name}/${key}`);
    },
    noteLeaving: ({ name }, key) => void leaving.get(name)?.add(key),
  };
}
