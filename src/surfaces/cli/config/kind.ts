import type { Declarable, DeclaredSecret } from "../../../registry/declarable.ts";
import { fieldsOf, pathParameters, type Field } from "../../../registry/field.ts";
import type { Operation } from "../../../registry/operation.ts";
import type { Entry } from "./document.ts";

/** A kind of record that documents describe, with its operations at hand. */
export type Kind = Pick<
  Declarable,
  "name" | "key" | "inOrder" | "rows" | "refers" | "brings" | "madeWith"
> & {
  readonly list: Operation;
  readonly create: Operation;
  readonly update: Operation | null;
  readonly remove: Operation;
  /** Takes a view's id, in update and remove. */
  readonly idField: string;
  readonly fields: ReadonlyMap<string, KindField>;
  readonly secrets: readonly KindSecret[];
};

export type KindField = {
  /** The member of a view that shows it. */
  readonly member: string;
  /** As create and update take it; one without the other is fixed, or is set once the record is there. */
  readonly created: Field | undefined;
  readonly updated: Field | undefined;
};

export type KindSecret = DeclaredSecret & { readonly store: Operation };

const controls: ReadonlySet<string> = new Set(["workspaceId", "dryRun", "expectedVersion"]);

/** Each after those whose records it names, and so in the order in which records can be made. */
export function kindsOf(declared: readonly Declarable[], operations: readonly Operation[]): readonly Kind[] {
  const depth = ({ refers }: Declarable): number =>
    Math.max(
      0,
      ...declared
        .filter((it) => refers.some(({ section }) => section === it.name))
        .map((it) => depth(it) + 1),
    );
  return declared.toSorted((a, b) => depth(a) - depth(b)).map((it) => kindOf(it, operations));
}

function kindOf(declared: Declarable, operations: readonly Operation[]): Kind {
  const named = (name: string): Operation => {
    const found = operations.find((it) => it.name === name);
    if (found === undefined) throw new Error(`${declared.name} is declared with ${name}, which is not there`);
    return found;
  };
  const { list, create, update, remove } = declared.operations;
  const idField = pathParameters(named(remove).path)[0] ?? "";
  const created = new Map(fieldsOf(named(create)).map((field) => [field.name, field]));
  const updates = update === null ? [] : fieldsOf(named(update));
  const updated = new Map(updates.map((field) => [field.name, field]));
  const names = [...new Set([...created.keys(), ...updated.keys()])];
  // What is never shown is a secret, or does something, such as `newSecret`: nothing that a record is.
  const isShown = (name: string): boolean => (declared.shownAs[name] ?? name) in named(create).output.shape;
  return {
    ...declared,
    list: named(list),
    create: named(create),
    update: update === null ? null : named(update),
    remove: named(remove),
    idField,
    fields: new Map(
      names
        .filter((name) => !controls.has(name) && name !== idField && !declared.key.includes(name))
        .filter(isShown)
        .map((name) => [
          name,
          { member: declared.shownAs[name] ?? name, created: created.get(name), updated: updated.get(name) },
        ]),
    ),
    secrets: declared.secrets.map((secret) => ({ ...secret, store: named(secret.operation) })),
  };
}

/** The fields that a key stands for; undefined when it has not so many parts. */
export function keyFields({ key: names }: Pick<Kind, "key">, key: string): Entry | undefined {
  const parts = names.length === 1 ? [key] : key.split("/");
  if (parts.length !== names.length) return undefined;
  return Object.fromEntries(names.map((name, i) => [name, parts[i]]));
}

export function keyIn(fields: Entry, names: readonly string[]): string {
  return names.map((name) => String(fields[name])).join("/");
}

/** Under `secrets`. */
export function secretNames({ madeWith, secrets }: Kind): readonly string[] {
  return [...madeWith, ...secrets.map(({ name }) => name)];
}

/** What a record is at, for a field: what the view shows, else what a new record would have. */
export function shownBy({ member, created }: KindField, view: Entry): unknown {
  const shown = view[member];
  // Such as an alert that reminds nobody, where a new one would.
  if (shown === null && created?.takes.has("null") === true) return null;
  return shown ?? created?.schema.default ?? null;
}

/** A record as a document has it. Empty settings and secrets that are not stored are left out. */
export function entryOf(kind: Kind, view: Entry): Entry {
  const fields = [...kind.fields].map(([name, field]) => [name, shownBy(field, view)] as const);
  const stored = kind.secrets.filter(({ told }) => view[told.member] === told.stored);
  const names = [...kind.madeWith, ...stored.map(({ name }) => name)];
  const secrets = Object.fromEntries(names.map((name) => [name, "stored"]));
  const shown = fields.filter(([, value]) => JSON.stringify(value) !== "{}");
  return { ...Object.fromEntries(shown), ...(names.length > 0 && { secrets }) };
}
