import type { Refusal, UnreachableReason } from "./outbound.ts";

/** What ended a connect before there was a connection to send on. */
export class ConnectError extends Error {
  readonly code = "SLUICE_CONNECT";
  readonly reason: UnreachableReason;
  /** Set when the guard said no. */
  readonly refusal: Refusal | undefined;

  constructor(reason: UnreachableReason, message: string, refusal?: Refusal) {
    super(message);
    this.name = "ConnectError";
    this.reason = reason;
    this.refusal = refusal;
  }
}

/** Error codes of Node (errno, OpenSSL), undici (`UND_ERR_*`) and its parser (`HPE_*`, or just its name), by their beginning. */
const reasonsByCode: readonly (readonly [prefix: string, reason: UnreachableReason])[] = [
  ["ENOTFOUND", "dns"],
  ["EAI_", "dns"],
  ["ENODATA", "dns"],
  ["ECONNREFUSED", "connect_refused"],
  ["ETIMEDOUT", "connect_timeout"],
  ["ECONNRESET", "reset"],
  ["ECONNABORTED", "reset"],
  ["EPIPE", "reset"],
  ["UND_ERR_SOCKET", "reset"],
  ["EPROTO", "tls"],
  ["ERR_SSL_", "tls"],
  ["ERR_TLS_", "tls"],
  ["CERT_", "tls"],
  ["UNABLE_TO_", "tls"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "tls"],
  ["HPE_", "protocol"],
  ["HTTPParserError", "protocol"],
  ["UND_ERR_HEADERS_OVERFLOW", "protocol"],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "protocol"],
  ["UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", "protocol"],
  ["UND_ERR_INVALID_ARG", "protocol"],
  ["UND_ERR_NOT_SUPPORTED", "protocol"],
  ["UND_ERR_DESTROYED", "aborted"],
  ["UND_ERR_CLOSED", "aborted"],
  ["UND_ERR_ABORTED", "aborted"],
];

/** undici gives a wrong kind of answer the code of a broken socket; only its text tells. */
const protocolMessages = new Set(["bad response", "bad upgrade"]);

export function reasonOf(error: Error): UnreachableReason {
  if (error instanceof ConnectError) return error.reason;
  if (protocolMessages.has(error.message)) return "protocol";
  const code = codeOf(error);
  return reasonsByCode.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "network";
}

export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

const publicMessages: Readonly<Record<UnreachableReason, string>> = {
  dns: "The name does not resolve.",
  connect_refused: "Nothing listens at this address and port.",
  connect_timeout: "No connection within the time allowed.",
  reset: "The connection was closed before the answer was complete.",
  tls: "The TLS handshake failed.",
  timeout: "No complete answer within the time allowed.",
  protocol: "The exchange broke the HTTP/1.1 protocol.",
  aborted: "The request was cancelled.",
  network: "The network failed.",
};

/** One public sentence, and the error's own words where they help. */
export function messageOf(reason: UnreachableReason, error?: Error): string {
  if (error === undefined || error.message === "") return publicMessages[reason];
  return `${publicMessages[reason]} (${error.message.slice(0, 300)})`;
}
