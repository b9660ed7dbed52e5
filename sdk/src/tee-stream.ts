import type { Readable, Writable } from "node:stream";
import type { BodyTee } from "./body-tee.ts";
import type { Recipient } from "./recipient.ts";

type Tee = {
  readonly tee: BodyTee;
  readonly recipient: Recipient;
  /** True while what is written is not sent, such as the body of an answer to HEAD. */
  readonly silent?: () => boolean;
};

/** Sees every chunk however the body is read, and also when nobody reads it; changes nothing of the flow. */
export function teeReadable(readable: Readable, to: Tee): void {
  const push = readable.push;
  readable.push = function (this: Readable, chunk: unknown, encoding?: BufferEncoding): boolean {
    note(to, chunk, encoding);
    return push.call(this, chunk, encoding);
  };
}

/** A method, so that any arguments may be handed to what has several forms. */
type Forwarded<T> = { on(this: Writable, ...given: unknown[]): T }["on"];

/** Sees what is given to `write` and `end`, whose arguments go on as they came: there are several forms of both. */
export function teeWritable(writable: Writable, to: Tee): void {
  const write: Forwarded<boolean> = writable.write;
  const end: Forwarded<Writable> = writable.end;
  writable.write = function (this: Writable, ...given: unknown[]): boolean {
    note(to, given[0], given[1]);
    return write.apply(this, given);
  };
  writable.end = function (this: Writable, ...given: unknown[]): Writable {
    if (given.length > 0) note(to, given[0], given[1]);
    return end.apply(this, given);
  };
}

function note({ tee, recipient, silent }: Tee, chunk: unknown, encoding: unknown): void {
  try {
    if (silent?.() === true) return;
    if (chunk instanceof Uint8Array) tee.addBytes(chunk);
    else if (typeof chunk === "string") addString(tee, chunk, encoding);
  } catch {
    recipient.fault();
  }
}

function addString(tee: BodyTee, chunk: string, encoding: unknown): void {
  const named = typeof encoding === "string" && Buffer.isEncoding(encoding) ? encoding : "utf8";
  if (named === "utf8" || named === "utf-8") tee.addText(chunk);
  else tee.addBytes(Buffer.from(chunk, named));
}
