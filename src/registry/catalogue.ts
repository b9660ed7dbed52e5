import type { z } from "zod";
import type { PlaneName } from "../kernel/exchange.ts";
import type { Scope } from "../kernel/principal.ts";
import type { Resource } from "./resource.ts";

/** What every plane declares, so that an operation may deal with the records of planes that it cannot import. */
export type Catalogue = {
  readonly operations: ReadonlyMap<string, Declared>;
  /** By kind. */
  readonly resources: ReadonlyMap<string, Resource>;
};

/** What others may know of an operation. */
export type Declared = {
  readonly name: string;
  readonly title: string;
  readonly plane: PlaneName;
  readonly effect: "read" | "change" | "act";
  readonly scope: Scope;
  readonly reach: "everywhere" | "people";
  readonly does: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  /** Of changes alone: why it cannot be undone; null when it can. */
  readonly undoNone?: string | null;
};

type Declares = {
  readonly name: PlaneName;
  readonly operations: readonly Omit<Declared, "plane">[];
  readonly resources: readonly Resource[];
};

export function catalogueOf(planes: readonly Declares[]): Catalogue {
  return {
    operations: new Map(
      planes.flatMap(({ name: plane, operations }) => operations.map((it) => [it.name, { ...it, plane }])),
    ),
    resources: new Map(planes.flatMap(({ resources }) => resources.map((it) => [it.kind, it]))),
  };
}
