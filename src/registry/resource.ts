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
  /** Plain fields that whoever knows may use: not shown in what a dry run would change. */
  readonly masked: readonly string[];
  /** Declared as methods so that a Resource<S> is usable as a Resource. */
  keys(value: z.output<S>): Readonly<Record<string, string>>;
  globalKeys(value: z.output<S>): Readonly<Record<string, string>>;
  indexes(value: z.output<S>): Readonly<Record<string, string>>;
};

const none = (): Readonly<Record<string, string>> => ({});

/** A resource without secrets, keys or indexes, but for those given. */
export function resource<S extends z.ZodObject>(
  it: Pick<Resource<S>, "kind" | "prefix" | "shape"> & Partial<Resource<S>>,
): Resource<S> {
  return { secrets: [], masked: [], keys: none, globalKeys: none, indexes: none, ...it };
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
