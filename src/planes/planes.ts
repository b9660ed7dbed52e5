import type { Plane } from "../registry/plane.ts";
import { account } from "./account/plane.ts";
import { traffic } from "./traffic/plane.ts";
import { webhooks } from "./webhooks/plane.ts";

// A tool list starts with what most calls are about.
const typed = [webhooks, traffic, account] as const satisfies readonly Plane[];

type Listed = (typeof typed)[number]["operations"][number];

/** For clients that want a misspelt field to be a compile error: import this type, and only types. */
export type KnownOperation = Named<Listed>;

/** Those whose names are known when types are checked. */
type Named<T extends { readonly name: string }> = T extends unknown
  ? string extends T["name"]
    ? never
    : T
  : never;

/** A new plane is a folder and one line here. */
export const planes: readonly Plane[] = typed;
