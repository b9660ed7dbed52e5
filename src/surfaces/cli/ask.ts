import { setTimeout as sleep } from "node:timers/promises";
import { Failure, kinds, type FailureKind } from "../../kernel/failure.ts";
import type { Operation } from "../../registry/operation.ts";
import type { Call } from "./call.ts";
import { restCall } from "./rest-call.ts";
import { troubleIn, type Trouble } from "./trouble.ts";
import { isEntry, type Entry } from "./config/document.ts";

/** Calls of operations: what one answers, or what it was refused with. */
export type Ask = (it: Operation, input: Entry) => Promise<Answered>;
export type Answered = { readonly output: Entry } | { readonly trouble: Trouble };

const waitsMax = 5;
const waitMsMax = 60_000;

/** One call over REST. */
export async function asked(
  it: Operation,
  input: Entry,
  call: Call,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const { method, path, body } = restCall(it, new Map(Object.entries(input)));
  const { status, json } = await call(method, path, body, headers);
  return status >= 200 && status <= 299 && isEntry(json)
    ? { output: json }
    : { trouble: troubleIn(status, json) };
}

/** Asks a server over REST; one that limits how often it may be asked is waited for, up to five minutes. */
export function askingOver(
  call: Call,
  headers: Readonly<Record<string, string>>,
  workspaceId: string | undefined,
): Ask {
  const besides = workspaceId === undefined ? {} : { workspaceId };
  return async (it, input) => {
    for (let waits = 0; ; waits++) {
      const answered = await asked(it, { ...input, ...besides }, call, headers);
      if (!("trouble" in answered) || answered.trouble.code !== "limited" || waits === waitsMax)
        return answered;
      await sleep(Math.min(waitMsMax, answered.trouble.retryAfterMs ?? waitMsMax));
    }
  };
}

/** What was answered. @throws Failure what it was refused with */
export function outputOf(answered: Answered): Entry {
  if ("output" in answered) return answered.output;
  throw failureOf(answered.trouble);
}

export function failureOf({ code, detail, pointer, allowed, hint, requestId }: Trouble): Failure {
  const said = requestId === undefined ? detail : `${detail} (request ${requestId})`;
  return new Failure(isKind(code) ? code : "unavailable", said, {
    ...(pointer !== undefined && { pointer }),
    ...(allowed !== undefined && { allowed }),
    ...(hint !== undefined && { hint }),
  });
}

function isKind(code: string): code is FailureKind {
  return code in kinds;
}
