const segmentsMax = 32;
const segmentCharactersMax = 200;
/** Of all of it: what a route may have. */
const charactersMax = 500;
const rest = "{rest}";

/** Kinds of segments that tell one thing from another rather than what they are, the first that fits holds. */
const kinds: readonly (readonly [kind: string, form: RegExp])[] = [
  ["redacted", /^REDACTED-[a-z][a-z0-9_-]{0,29}-[0-9a-f]{12}$/],
  ["number", /^-?\d+(\.\d+)?$/],
  ["uuid", /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  ["date", /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$/],
  ["ulid", /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/],
  ["hex", /^(?=.*\d)[0-9a-f]{12,}$/i],
  ["email", /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/],
  ["id", /^[a-z]{1,10}[_-](?=[a-z_-]*\d)[0-9a-z]{8,}$/i],
  ["token", /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w.~+=-]{16,}$/],
];

/**
 * The path with what varies from request to request replaced by its kind: `/users/42/orders/0190…` becomes
 * `/users/{number}/orders/{uuid}`. The query is left out. Of a path of more than 32 segments, or of more than 500
 * characters then, the rest is `{rest}`; a segment of more than 200 characters is `{long}`.
 */
export function typedPath(path: string): string {
  const end = path.search(/[?#]/);
  const segments = (end === -1 ? path : path.slice(0, end)).split("/", segmentsMax + 2);
  const typed = segments.slice(0, segmentsMax + 1).map(typedSegment);
  return cut(segments.length > segmentsMax + 1 ? [...typed, rest] : typed);
}

function cut(segments: readonly string[]): string {
  const whole = segments.join("/");
  if (whole.length <= charactersMax) return whole;
  const kept = whole.slice(0, charactersMax - rest.length);
  return `${kept.slice(0, kept.lastIndexOf("/"))}/${rest}`;
}

function typedSegment(segment: string): string {
  if (segment.length > segmentCharactersMax) return "{long}";
  const kind = kinds.find(([, form]) => form.test(segment))?.[0];
  return kind === undefined ? segment : `{${kind}}`;
}
