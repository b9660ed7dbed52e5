import type { Principal } from "../kernel/principal.ts";
import type { Engines } from "./engines.ts";
import type { Plan } from "./workspace.ts";
import type { Unit } from "./unit.ts";

/** How a call reached us. */
export type SurfaceName = "rest" | "mcp" | "cli" | "page" | "system";

/** Told as a call goes on: how much is done, of how much, and in words what. Does nothing where nobody listens. */
export type Progress = (done: number, total: number, message: string) => void;

/** What an operation is given: who asks, in which one workspace, and the mechanisms. */
export type Context = Engines & {
  readonly principal: Principal;
  readonly workspace: string;
  readonly plan: Plan;
  /** The moment of the call, ms; the same throughout it. */
  readonly now: number;
  /** Of the change that this call makes, in the audit; in a dry run an example. */
  readonly changeId: string;
  readonly surface: SurfaceName;
  readonly unit: Unit;
  /** Nothing of this call will be committed. */
  readonly dryRun: boolean;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
};
