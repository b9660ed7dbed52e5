import type { Redactor, Side } from "../../../capture/redactor.ts";
import { contentTypeOf } from "../../kernel/content-type.ts";
import type { Message } from "../../kernel/exchange.ts";

/** Its headers, and the bytes of its body, as they may be stored; what the redactor hit is counted by it. */
export function redactedMessage(redactor: Redactor, side: Side, { headers, body }: Message): Message {
  return {
    headers: redactor.headers(side, headers),
    body: body && { ...body, bytes: redactor.body(side, body.bytes, contentTypeOf(headers), body.truncated) },
  };
}
