import { sameBytes } from "../../kernel/secret.ts";
import type { Secret } from "../../kernel/secret.ts";
import { textOf } from "./incoming.ts";
import type { Incoming } from "./incoming.ts";
import type { Handshake, Provider } from "./provider.ts";

/** Handshakes are small: a larger body is an event, and is not parsed before it is verified. */
export const handshakeBytesMax = 8 * 1024;
export const challengeCharactersMax = 1024;

/** What is answered to a handshake. `refused` says why it was not the expected one, for the log; null when it was. */
export type HandshakeAnswer = {
  readonly status: 200 | 400 | 403;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly refused: string | null;
};

/**
 * The answer to a provider's handshake, or undefined when the request is none and has to be verified. It comes
 * before verification, since some handshakes are not signed, and reflects nothing but the challenge: as plain
 * text, at most 1,024 characters of printable ASCII.
 */
export function answerHandshake(
  provider: Provider,
  request: Incoming,
  configuration: { readonly verifyToken?: Secret | undefined },
): HandshakeAnswer | undefined {
  const { handshake } = provider;
  if (handshake === null || !isHandshake(handshake, request)) return undefined;
  if (handshake.token !== undefined) {
    const { verifyToken } = configuration;
    if (verifyToken === undefined) return answer(403, "The endpoint has no verify token.", "no_verify_token");
    const given = Buffer.from(textOf(handshake.token, request) ?? "", "utf8");
    if (!sameBytes(given, Buffer.from(verifyToken.reveal(), "utf8"))) {
      return answer(403, "The verify token does not match.", "verify_token_mismatch");
    }
  }
  const challenge = textOf(handshake.challenge, request) ?? "";
  if (challenge.length > challengeCharactersMax || !/^[\x20-\x7e]+$/.test(challenge)) {
    return answer(400, "The challenge must be 1 to 1024 printable ASCII characters.", "bad_challenge");
  }
  return answer(200, challenge, null);
}

function isHandshake(handshake: Handshake, request: Incoming): boolean {
  if (request.method !== handshake.method || request.body.length > handshakeBytesMax) return false;
  return textOf(handshake.when.at, request) === handshake.when.equals;
}

function answer(status: HandshakeAnswer["status"], body: string, refused: string | null): HandshakeAnswer {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  };
  return { status, headers, body, refused };
}
