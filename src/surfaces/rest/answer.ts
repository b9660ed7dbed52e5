import { Failure, kinds } from "../../kernel/failure.ts";
import { newId } from "../../kernel/id.ts";
import { retryAfter } from "../../kernel/retry-after.ts";

export const apiRoot = "/api/v1";

/** What a handler answers with, before the headers that every answer carries. */
export type Answer = {
  /** JSON; null = the caller has it already. */
  readonly text: string | null;
  readonly headers: Readonly<Record<string, string>>;
};

/** What is known of a request while it is answered. */
export type Asked = {
  readonly requestId: string;
  /** Headers of whatever the answer will be, a problem too. */
  readonly told: Record<string, string>;
};

/** RFC 9457 problem details, as `application/problem+json`. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
};

/**
 * Runs one request to its answer. Expected failures become problems; anything else is a bug: logged with its stack
 * under the request's id, and answered 500 with that id alone.
 */
export async function answered(
  request: Request,
  log: (line: string) => void,
  work: (asked: Asked) => Answer | Promise<Answer>,
): Promise<Response> {
  const asked: Asked = { requestId: requestIdOf(request), told: {} };
  try {
    const { text, headers } = await work(asked);
    if (text === null) return new Response(null, { status: 304, headers: { ...headers, ...always(asked) } });
    const type = { "content-type": "application/json" };
    return new Response(text, { headers: { ...headers, ...always(asked), ...type } });
  } catch (error) {
    if (error instanceof Failure)
      return problemResponse(error, asked, isUnmet(request, error) ? preconditionFailed : undefined);
    // A caller that went away made the call stop: that is no bug, and nobody reads the answer.
    if (!request.signal.aborted) log(`bug ${asked.requestId}: ${stackOf(error)}`);
    return bugResponse(asked);
  }
}

/** `X-Request-Id` when it is 1 to 64 letters, digits, `-` and `_`, else a new id. */
function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : newId("req");
}

const preconditionFailed = 412;

/** Whether the record is at another version than `If-Match` says (RFC 9110, 13.1.1). */
function isUnmet({ headers }: Request, { kind, detail }: Failure): boolean {
  const isVersion = kind === "conflict" && detail.pointer === "/expectedVersion";
  return isVersion && (headers.get("if-match") ?? "*") !== "*";
}

function problemResponse(
  { kind, message, detail }: Failure,
  asked: Asked,
  status: number = kinds[kind].status,
): Response {
  const { requestId } = asked;
  const { title } = kinds[kind];
  const { problems, signIn: _, ...rest } = detail;
  const errors = problems?.map(({ pointer, message: said }) => ({ pointer, detail: said }));
  const problem: Problem = { type: typeOf(kind), title, status, detail: message, code: kind, requestId };
  return problemOf(
    { ...problem, ...rest, ...(errors && { errors }) },
    {
      ...always(asked),
      ...retryAfter(rest.retryAfterMs),
      ...(kind === "method_not_allowed" && { allow: [rest.allowed ?? []].flat().join(", ") }),
    },
  );
}

function bugResponse(asked: Asked): Response {
  const problem: Problem = {
    type: typeOf("internal"),
    title: "Internal error",
    status: 500,
    detail: "Something went wrong in the server. It is logged under this request id.",
    code: "internal",
    requestId: asked.requestId,
  };
  return problemOf(problem, always(asked));
}

function typeOf(code: string): string {
  return `urn:sluice:problem:${code}`;
}

function always({ requestId, told }: Asked): Readonly<Record<string, string>> {
  return {
    ...told,
    "x-request-id": requestId,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
}

function problemOf(problem: Problem, headers: Readonly<Record<string, string>>): Response {
  const type = { "content-type": "application/problem+json" };
  return new Response(JSON.stringify(problem), { status: problem.status, headers: { ...headers, ...type } });
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
