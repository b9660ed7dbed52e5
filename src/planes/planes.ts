import type { Plane } from "../registry/plane.ts";
import { account } from "./account/plane.ts";
import { webhooks } from "./webhooks/plane.ts";

// A tool list starts with what most calls are about.
const typed = [webhooks, account] as const satisfies readonly Plane[];

/** For clients that want a misspelt field to be a compile error: import this type, and only types. */
export type KnownOperation = (typeof typed)[number]["operations"][number];

/** A new plane is a folder and one line here. */
export const planes: readonly Plane[] = typed;
