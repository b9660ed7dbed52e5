import { plainBody } from "../../../capture/plain-body.ts";
import type { CapturedBody, CapturedMessage } from "../../../capture/wire.ts";
import type { Body, Headers, Message } from "../../kernel/exchange.ts";
import type { CapturedRecord } from "./captured.ts";
import { bodyBytesKept } from "./settings.ts";

/** What one reader undoes of encodings, in bytes that come out: a kilobyte may become a megabyte. */
const inflatedBytesMax = 32 * 1024 * 1024;

/** A message whose body can be looked into, and the size of the whole body. */
type ReadableMessage = Message & Pick<CapturedMessage, "size">;

export type ReadableRecord = Omit<CapturedRecord, "request" | "response"> & {
  readonly request: ReadableMessage;
  readonly response: ReadableMessage | null;
};

/**
 * Undoes the encodings of bodies, so that they can be redacted, and leaves out those that nobody can look into. One
 * reader is for what is read at a time: once it has undone 32 MiB, nothing is kept of what is encoded.
 */
export class BodyReader {
  #left = inflatedBytesMax;

  async record(record: CapturedRecord): Promise<ReadableRecord> {
    const { request, response } = record;
    return {
      ...record,
      request: await this.#sent(request),
      response: response && (await this.#sent(response)),
    };
  }

  async #sent({ headers, body, size }: CapturedMessage): Promise<ReadableMessage> {
    return { headers, body: body && (await this.#body(bodyOf(body), headers)), size };
  }

  async #body(body: Body, headers: Headers): Promise<Body | null> {
    const plain = await plainBody(body.bytes, headers, Math.min(bodyBytesKept, this.#left));
    if (plain === undefined) return null;
    if (plain.bytes !== body.bytes) this.#left -= plain.bytes.length;
    const bytes = plain.bytes.subarray(0, bodyBytesKept);
    const truncated = body.truncated || plain.truncated || bytes.length < plain.bytes.length;
    return { ...body, bytes, truncated };
  }
}

function bodyOf(body: CapturedBody): Body {
  const bytes = "text" in body ? Buffer.from(body.text) : Buffer.from(body.base64, "base64");
  return { bytes, size: body.size, sha256: "", truncated: body.truncated };
}
