import type { CapturedOutcome } from "../../../capture/wire.ts";
import type { Headers } from "../../kernel/exchange.ts";

/** One exchange as it passed, raw: nothing of it leaves the process before it is redacted. */
export type Observed = {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly ip: string;
  readonly status: number | null;
  readonly outcome: CapturedOutcome;
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly request: ObservedMessage;
  readonly response: ObservedMessage | null;
};

export type ObservedMessage = {
  readonly headers: Headers;
  /** What was kept of the body; empty = nothing. */
  readonly bytes: Buffer;
  readonly size: number;
};
