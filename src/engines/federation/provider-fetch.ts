import type { CustomFetch } from "openid-client";
import { Failure } from "../../kernel/failure.ts";
import type { Send } from "../../kernel/send.ts";
import { partsOf } from "../../kernel/target.ts";

/** Of metadata, keys and tokens: large providers have some tens of KB. */
export const answerBytesMax = 256 * 1024;
const timeoutMs = 8_000;

/**
 * How openid-client asks the provider: by the one way out, without following redirects.
 *
 * @throws Failure unavailable, told in `log` with its reason, when no usable answer came
 */
export function providerFetch(send: Send, log: (line: string) => void): CustomFetch {
  return async (url, { method, headers, body }) => {
    const unavailable = (reason: string): Failure => {
      // Codes and tokens travel in bodies and headers; an address has none, but may have a query.
      log(`the OpenID provider did not answer at ${partsOf(url).path}: ${reason}`);
      return new Failure("unavailable", "The OpenID provider cannot be reached at the moment.", {
        hint: "Try again later, or sign in with a password or a one-time link.",
      });
    };
    const outcome = await send({
      method,
      url,
      headers: Object.entries(headers),
      body: bytesOf(body),
      timeoutMs,
      readMax: answerBytesMax,
    });
    if (outcome.kind === "unreachable") throw unavailable(outcome.message);
    if (outcome.kind === "refused") throw unavailable(`${outcome.refusal.message} ${outcome.refusal.hint}`);
    const { status } = outcome;
    if (outcome.truncated) throw unavailable("the answer broke off, or is too long");
    if (status === 429 || status >= 500) throw unavailable(`status ${status}`);
    const bodiless = status === 204 || status === 205 || status === 304;
    return new Response(bodiless ? null : Buffer.from(outcome.body), {
      status,
      headers: outcome.headers.map(([name, value]) => [name, value]),
    });
  };
}

/** openid-client sends forms and nothing else. What a `Response` would make of one is not the same in every process. */
function bytesOf(body: unknown): Uint8Array | null {
  if (body === null || body === undefined) return null;
  if (body instanceof URLSearchParams || typeof body === "string") return Buffer.from(body.toString());
  throw new TypeError("the body is no form");
}
