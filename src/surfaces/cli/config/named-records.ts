import type { Reference } from "../../../registry/declarable.ts";
import type { Complaint, Entry } from "./document.ts";
import { keyFields, keyIn, shownBy, type Kind } from "./kind.ts";
import type { Outlook } from "./outlook.ts";

/** A record that another one names. */
export type Named = Reference & { readonly key: string };

export type Naming = {
  readonly key: string;
  /** What the document says of the record. */
  readonly fields: Entry;
  /** What the server has of it. */
  readonly view: Entry;
};

/** What a record names, by what it will be. */
export function namedBy(kind: Kind, { key, fields, view }: Naming): readonly Named[] {
  const said = { ...fields, ...keyFields(kind, key) };
  const valueOf = (name: string): unknown => {
    const field = kind.fields.get(name);
    return name in said ? said[name] : field && shownBy(field, view);
  };
  return kind.refers.flatMap((reference) => {
    const named = Object.fromEntries(reference.by.map((name) => [name, valueOf(name)]));
    // What names none, such as a rule for all environments, can do without.
    return Object.values(named).includes(null) ? [] : [{ ...reference, key: keyIn(named, reference.by) }];
  });
}

/** That a record names what the same document has removed. */
export function complaintsOfLeaving(kind: Kind, naming: Naming, { leaving }: Outlook): readonly Complaint[] {
  return namedBy(kind, naming)
    .filter((it) => leaving(it.section).has(it.key))
    .map((it) => ({
      path: [kind.name, naming.key, it.by.at(-1) ?? ""],
      message: `${kind.name}/${naming.key} names ${it.section}/${it.key}, which --prune removes.`,
      hint: `Add it to ${it.section}, or take out what names it.`,
    }));
}

export type Trial =
  /** The fields that are tried with other values than they will have. */
  | { readonly instead: Entry }
  | { readonly complaints: readonly Complaint[] }
  /** There is nothing to try it with. */
  | "untried";

/**
 * What to try a record with besides what the document says of it. A dry run sees what the server has: what an earlier step will make stands in it
 * as something of the same kind that is there.
 */
export async function trialOf(kind: Kind, naming: Naming, outlook: Outlook): Promise<Trial> {
  const named = namedBy(kind, naming);
  let instead: Entry = {};
  if (!named.some((it) => outlook.coming(it.section).has(it.key))) return { instead };
  for (const it of named) {
    const live = await outlook.live(it.section);
    if (outlook.coming(it.section).has(it.key)) {
      const trial = { ...naming.fields, ...keyFields(kind, naming.key), ...instead };
      const found = await standIn(kind, { named: it, trial }, outlook);
      if (found === undefined) return "untried";
      instead = { ...instead, ...found };
    } else if (!live.has(it.key)) return { complaints: [missing(kind, naming.key, it)] };
  }
  return { instead };
}

type Wanted = { readonly named: Named; readonly trial: Entry };

/** Of a record whose key has part of it, the key must stay free. */
async function standIn(kind: Kind, { named, trial }: Wanted, outlook: Outlook): Promise<Entry | undefined> {
  const [candidates, own] = [await outlook.live(named.section), await outlook.live(kind.name)];
  const inKey = named.by.some((name) => kind.key.includes(name));
  return [...candidates.keys()]
    .map((key) => keyFields({ key: named.by }, key) ?? {})
    .find((fields) => !inKey || !own.has(keyIn({ ...trial, ...fields }, kind.key)));
}

function missing(kind: Kind, key: string, named: Named): Complaint {
  return {
    path: [kind.name, key, named.by.at(-1) ?? ""],
    message: `There is no ${named.section}/${named.key}, neither on the server nor in the document.`,
    hint: `Add it to ${named.section}.`,
  };
}
