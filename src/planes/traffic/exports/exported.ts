import { randomBytes, randomUUID } from "node:crypto";
import { redactorBy } from "../../../../capture/redactor.ts";
import { tokens } from "../../../../capture/token.ts";
import type { Exchange, Message } from "../../../kernel/exchange.ts";
import { readersRules, redactedValue } from "../../../registry/redaction.ts";
import { bodyBytesMax } from "../captured.ts";
import { redactedMessage } from "../redacted-message.ts";
import { archiveOf } from "./archive.ts";
import { commandOf } from "./command.ts";
import { testOf } from "./test-code.ts";

/** What a request can be written as. */
export const formats = ["curl", "har", "test"] as const;

type Format = (typeof formats)[number];

/** None of them sees a value that was not redacted. */
const writers: Readonly<Record<Format, (redacted: Exchange) => string>> = {
  curl: commandOf,
  har: archiveOf,
  test: testOf,
};

const tokenOf = tokens(randomBytes(32));
/** Tells apart what is carried, which is not in what is shown; and credentials that were not stored, by their places. */
const redactor = redactorBy(readersRules, (category, value) =>
  tokenOf(category, value === redactedValue ? randomUUID() : value),
);

/**
 * The request as a command, an archive (HAR 1.2) or a test, ready to be used. In commands and tests replaced values become
 * variables of the environment, such as `$REDACTED_CARD_1`, one for each value. Of a body at most 1 MiB is written; one
 * without its end says so.
 */
export function exported(exchange: Exchange, as: Format): string {
  const { path, request, response } = exchange;
  return writers[as]({
    ...exchange,
    path: redactor.target(path),
    request: bounded(redactedMessage(redactor, "request", bounded(request))),
    response: response && bounded(redactedMessage(redactor, "response", bounded(response))),
  });
}

function bounded(message: Message): Message {
  const { body } = message;
  if (body === null || body.bytes.length <= bodyBytesMax) return message;
  return { ...message, body: { ...body, bytes: body.bytes.subarray(0, bodyBytesMax), truncated: true } };
}
