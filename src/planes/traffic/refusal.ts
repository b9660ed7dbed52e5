import type { RawAnswer } from "../../engines/inbound/inbound.ts";
import { kinds, type Failure } from "../../kernel/failure.ts";
import { retryAfter } from "../../kernel/retry-after.ts";

/** What an agent is told when it is refused: RFC 9457 problem details. */
export function refusal({ kind, message, detail }: Failure): RawAnswer {
  const { status, title } = kinds[kind];
  const { retryAfterMs, ...told } = detail;
  const waits = retryAfterMs ?? (status === 503 ? 5_000 : undefined);
  const problem = { type: "about:blank", title, status, detail: message, code: kind, ...told };
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...retryAfter(waits),
      ...(status === 401 && { "www-authenticate": "Bearer" }),
    },
    body: JSON.stringify(problem),
  };
}

export function answeredJson(
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): RawAnswer {
  return { status, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(value) };
}
