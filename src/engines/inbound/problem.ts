import { STATUS_CODES } from "node:http";
import type { BodyProblem, Limits, RawAnswer } from "./inbound.ts";

/** What is answered when a request cannot be handled: problem details (RFC 9457) with a hint. */
export function problem(status: number, detail: string, hint: string): RawAnswer {
  const title = STATUS_CODES[status] ?? "Error";
  return {
    status,
    headers: { "content-type": "application/problem+json" },
    body: JSON.stringify({ type: "about:blank", title, status, detail, hint }),
  };
}

export type Problems = {
  readonly badRequest: (detail: string) => RawAnswer;
  readonly headersTooLarge: RawAnswer;
  readonly expectationFailed: RawAnswer;
  readonly notFound: RawAnswer;
  readonly streamsFull: RawAnswer;
  readonly internal: (id: string) => RawAnswer;
  /** What the web app's sender is told when its body could not be read; `max` is the limit in bytes. */
  readonly body: (kind: BodyProblem, max: number) => RawAnswer;
};

export function problemsUnder(limits: Limits): Problems {
  const { headerBytesMax, headerFieldsMax, headersTimeoutMs, bodyTimeoutMs } = limits;
  const bodies: Readonly<Record<BodyProblem, (max: number) => RawAnswer>> = {
    too_large: (max) => problem(413, `The body is larger than ${max} bytes.`, "Send less."),
    slow: () =>
      problem(
        408,
        `The request was not complete in time: its headers within ${headersTimeoutMs} ms, its body within ${bodyTimeoutMs} ms.`,
        "Send it again on a faster connection.",
      ),
    busy: () => problem(503, "Too many requests are being received.", "Send it again in a few seconds."),
    broken: () =>
      problem(400, "The body does not match its framing.", "Send the length that Content-Length declares."),
  };
  return {
    badRequest: (detail) => problem(400, detail, "Send a well-formed HTTP/1.1 request (RFC 9112)."),
    headersTooLarge: problem(
      431,
      `The headers are larger than ${headerBytesMax} bytes or more than ${headerFieldsMax} fields.`,
      "Send fewer or shorter headers.",
    ),
    expectationFailed: problem(417, "The only expectation that is met is 100-continue.", "Leave Expect out."),
    notFound: problem(404, "There is nothing at this address.", "Check the URL."),
    streamsFull: problem(503, "Too many streams are open.", "Close one, or try again in a minute."),
    internal: (id) =>
      problem(500, `Something went wrong on our side (${id}).`, "Look for this id in the log."),
    body: (kind, max) => bodies[kind](max),
  };
}
