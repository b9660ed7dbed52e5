import type { z } from "zod";

/** One kind of configuration record: its shape, and what the store must know of it. */
export type Resource<S extends z.ZodObject = z.ZodObject> = {
  /** As in the store and in history, such as `endpoint`. */
  readonly kind: string;
  /** Of its ids, such as `ep`. */
  readonly prefix: string;
  /** The plain fields. */
  readonly shape: S;
  /** Secret fields: sealed by the vault, never part of the shape, never returned. */
  readonly secrets: readonly string[];
  /** Plain fields that whoever knows may use: not shown in what a dry run would change, nor in the list of changes. */
  readonly masked: readonly string[];
  /** Declared as methods so that a Resource<S> is usable as a Resource. */
  keys(value: z.output<S>): Readonly<Record<string, string>>;
  globalKeys(value: z.output<S>): Readonly<Record<string, string>>;
  indexes(value: z.output<S>): Readonly<Record<string, string>>;
  /** What traffic must be told when a record changes, however it came about; null = there is no live record. */
  messages(id: string, before: z.output<S> | null, after: z.output<S> | null): readonly Message[];
  /** How many live records a plan allows. */
  most(plan: { readonly endpointsMax: number }): number;
};

/** Reaches its handler after the commit, at least once. */
export type Message = { readonly name: string; readonly payload: object };

const none = (): Readonly<Record<string, string>> => ({});

/** A resource without secrets, keys, indexes, messages or limit, but for those given. */
export function resource<S extends z.ZodObject>(
  it: Pick<Resource<S>, "kind" | "prefix" | "shape"> & Partial<Resource<S>>,
): Resource<S> {
  const free = { messages: () => [], most: () => Infinity };
  return { secrets: [], masked: [], keys: none, globalKeys: none, indexes: none, ...free, ...it };
}

/** A value as it may be shown. */
export function unmasked({ masked }: Resource, value: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !masked.includes(name)));
}

/** A record as operations see it. */
export type Row<S extends z.ZodObject = z.ZodObject> = {
  readonly id: string;
  readonly workspace: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deletedAt: number | null;
  readonly value: z.output<S>;
  /** Sealed; opened by `openSecret` alone. */
  readonly sealed: Readonly<Record<string, string>>;
};

/** Binds a sealed secret to the one place it may be opened in. */
export function secretOwner(workspace: string, kind: string, id: string, name: string): string {
  return `${workspace}/${kind}/${id}/${name}`;
}
