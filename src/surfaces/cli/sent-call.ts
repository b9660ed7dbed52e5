import { Failure } from "../../kernel/failure.ts";
import type { CallPart, InParts } from "../../registry/in-parts.ts";
import type { Operation } from "../../registry/operation.ts";
import { refuseMisfits } from "../../registry/parse.ts";
import { asked, askingOver, outputOf, type Answered } from "./ask.ts";
import type { Call } from "./call.ts";
import type { Input } from "./command-input.ts";
import type { Entry } from "./config/document.ts";
import type { ProgressLine } from "./progress-line.ts";

type Around = {
  readonly call: Call;
  readonly headers: Readonly<Record<string, string>>;
  readonly progress: ProgressLine | undefined;
};

/** Calls an operation: several times where its input is larger than a call may be. @throws Failure what a part was refused with */
export async function sentCall(it: Operation, input: Input, around: Around): Promise<Answered> {
  const whole = Object.fromEntries(input);
  const inParts = it.effect === "act" ? it.inParts : undefined;
  const parts = inParts?.split(whole) ?? [{ input: whole, count: 0 }];
  // Here already, since what is nested too deep could not be written to be sent.
  for (const part of parts) refuseMisfits(part.input);
  if (inParts !== undefined && parts.length > 1)
    return { output: await calledInParts({ it, inParts, parts }, around) };
  return asked(it, parts[0]?.input ?? whole, around.call, around.headers);
}

type Calls = {
  readonly it: Operation;
  readonly inParts: InParts;
  readonly parts: readonly CallPart[];
};

async function calledInParts(
  { it, inParts, parts }: Calls,
  { call, headers, progress }: Around,
): Promise<Entry> {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const outputs: Entry[] = [];
  let sent = 0;
  for (const [i, { input, count }] of parts.entries()) {
    progress?.tell(sent, total, inParts.counted);
    const ask = askingOver(call, { ...headers, ...ofPart(headers, i + 1) }, undefined);
    try {
      outputs.push(outputOf(await ask(it, input)));
    } catch (error) {
      throw cutShort(error, i, parts.length);
    }
    sent += count;
  }
  return inParts.join(outputs);
}

/** How far one part is need not be told; a key is that of one call. */
function ofPart(headers: Around["headers"], n: number): Record<string, string> {
  const key = headers["idempotency-key"];
  return { accept: "application/json", ...(key !== undefined && { "idempotency-key": `${key}/${n}` }) };
}

function cutShort(error: unknown, done: number, parts: number): unknown {
  if (!(error instanceof Failure)) return error;
  const { kind, message, detail } = error;
  const far = `${done} of ${parts} parts are done; the same command does the rest.`;
  return new Failure(kind, message, { ...detail, hint: `${detail.hint ?? ""} ${far}`.trim() });
}
