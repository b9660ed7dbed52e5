import type { Hours } from "../rolled-hours.ts";

/** The hours that rollups answer, and the position up to which there are some at least. */
export type Rolled = { readonly hours: Hours; readonly position: number };
