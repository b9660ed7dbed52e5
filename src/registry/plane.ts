import type { z } from "zod";
import type { RawRoute } from "../engines/inbound/inbound.ts";
import type { Job } from "../engines/traffic/traffic.ts";
import type { PlaneName } from "../kernel/exchange.ts";
import type { Scope } from "../kernel/principal.ts";
import type { Authenticate } from "./credentials.ts";
import type { Declarable } from "./declarable.ts";
import type { Engines } from "./engines.ts";
import type { Operation } from "./operation.ts";
import type { Resource } from "./resource.ts";

export type Plane = {
  readonly name: PlaneName;
  readonly operations: readonly Operation[];
  readonly resources: readonly Resource[];
  /** What a document describes and makes so; absent = nothing of this plane. */
  readonly declares?: readonly Declarable[];
  readonly documents: readonly Document[];
  readonly prompts: readonly Prompt[];
  /** Brings the plane's own state into memory; called once, before listening. */
  start(engines: Engines, authenticate: Authenticate): Promise<Running>;
};

/** A plane at work. */
export type Running = {
  /** High-volume routes whose wire format someone else dictates. */
  readonly routes: readonly RawRoute[];
  readonly jobs: readonly JobHandler[];
  readonly messages: readonly MessageHandler[];
  readonly upkeep: readonly Upkeep[];
  /** Called once nobody is let in any more and no work is under way: writes what is in memory alone. Never fails. */
  stop?(): Promise<void>;
};

/** What may be written somewhere, for clients that offer it while their people type. */
export type Suggestions =
  | { readonly values: readonly string[] }
  /** Members of the rows that a read operation lists to the caller. */
  | { readonly operation: string; readonly list: string; readonly members: readonly string[] };

/** An MCP resource: a read operation under an address. Its contents equal the operation's output. */
export type Document = {
  readonly name: string;
  readonly title: string;
  readonly does: string;
  /** A URI, or an RFC 6570 template whose one level of `{variables}` become the operation's input. */
  readonly uri: string;
  /** Other addresses that are read alike but not listed. */
  readonly aliases: readonly string[];
  readonly operation: string;
  /** Maps a variable of the template to the operation's input field. */
  readonly variables: Readonly<Record<string, string>>;
  /** What may change its contents; without it nobody can subscribe to it. */
  readonly follows?: {
    /** Kinds of records. */
    readonly records: readonly string[];
    /** Whether traffic of the workspace does. */
    readonly traffic: boolean;
  };
  /** By variable. */
  readonly suggests?: Readonly<Record<string, Suggestions>>;
};

/** An MCP prompt: text made from what read operations answer. */
export type Prompt = {
  readonly name: string;
  readonly title: string;
  readonly does: string;
  readonly scope: Scope;
  readonly arguments: z.ZodObject;
  /** By argument; what an enum allows is suggested without. */
  readonly suggests?: Readonly<Record<string, Suggestions>>;
  /** `call` invokes a read operation as the same principal. Answers Markdown. */
  render(input: Readonly<Record<string, string>>, call: CallRead): Promise<string>;
};

export type CallRead = (operation: string, input: object) => Promise<Readonly<Record<string, unknown>>>;

/** Does jobs of one name. Ends the job itself, in the commit that records what it did. */
export type JobHandler = {
  readonly name: string;
  readonly leaseMs: number;
  run(job: Job, signal: AbortSignal): Promise<void>;
};

/**
 * Carries a change of the configuration over to traffic, at least once, in commit order. A process that was stopped for
 * long may come late with an old message: what a handler does follows what the configuration is by then.
 */
export type MessageHandler = {
  readonly name: string;
  handle(message: { readonly workspace: string; readonly payload: string }): Promise<void>;
};

/** Work that keeps stored data in bounds, run every `everyMs` while the process lives. */
export type Upkeep = {
  readonly name: string;
  readonly everyMs: number;
  /** `one`: of all processes on a database one at a time need do it. `each`: it keeps what a process has in memory. */
  readonly by: "one" | "each";
  /** `more`: it stopped at its bound, and is run again after a rest that is a few times as long as it took. */
  run(): Promise<"done" | "more">;
};
