import { kinds } from "../../kernel/failure.ts";

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "Makes a repeated call harmless: the same key with the same input answers as the first time, for 24 h.",
  schema: { type: "string", minLength: 1, maxLength: 200 },
};

const requestId = {
  name: "X-Request-Id",
  in: "header",
  description: "Your own id for the call, returned and logged; one is made when it is absent.",
  schema: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}$" },
};

const problemResponse = {
  description: "What went wrong, and what to do next.",
  headers: {
    "X-Request-Id": { schema: { type: "string" } },
    RateLimit: { $ref: "#/components/headers/RateLimit" },
    "Retry-After": { description: "Seconds, where waiting helps.", schema: { type: "integer" } },
  },
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

const text = { type: "string" };

const problemSchema = {
  type: "object",
  description: "Problem details (RFC 9457).",
  required: ["type", "title", "status", "detail", "code", "requestId"],
  properties: {
    type: { type: "string", format: "uri" },
    title: text,
    status: { type: "integer" },
    detail: { ...text, description: "What was wrong with this call." },
    code: { type: "string", enum: [...Object.keys(kinds), "internal"] },
    requestId: { ...text, description: "Finds the call in the server's log." },
    pointer: { ...text, description: "JSON Pointer (RFC 6901) to the place in the input." },
    allowed: { anyOf: [text, { type: "array", items: text }], description: "What is accepted there." },
    hint: { ...text, description: "What to do next." },
    retryAfterMs: { type: "integer", minimum: 0 },
    errors: {
      type: "array",
      description: "Every problem found, when there are several.",
      items: {
        type: "object",
        required: ["pointer", "detail"],
        properties: { pointer: text, detail: text },
      },
    },
  },
};

const ifMatch = {
  name: "If-Match",
  in: "header",
  description:
    "The ETag of an earlier answer: the call is made only if the record is still at that version, else it is 412. Another way to say expectedVersion.",
  schema: { type: "string" },
};

const ifNoneMatch = {
  name: "If-None-Match",
  in: "header",
  description: "The ETag of an earlier answer: 304 without a body when the answer would be the same.",
  schema: { type: "string" },
};

/** What the document's operations refer to. */
export const components = {
  schemas: { Problem: problemSchema },
  parameters: {
    IdempotencyKey: idempotencyKey,
    RequestId: requestId,
    IfMatch: ifMatch,
    IfNoneMatch: ifNoneMatch,
  },
  headers: {
    ETag: { description: "The version, for If-Match and If-None-Match.", schema: text },
    RateLimit: {
      description: 'Calls left, and for how many seconds: `"default";r=1199;t=60`. Absent without a limit.',
      schema: text,
    },
    "RateLimit-Policy": {
      description: 'Calls that one credential may make in a window of seconds: `"default";q=1200;w=60`.',
      schema: text,
    },
  },
  responses: {
    Problem: problemResponse,
    NotModified: { description: "Nothing of the answer has changed." },
  },
  securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "An API key (mk_…)." } },
};
