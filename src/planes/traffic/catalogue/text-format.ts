export const formats = ["date-time", "date", "email", "ipv4", "redacted", "uri", "uuid", "none"] as const;

/** What form a text has; `none` = no form that is known, or several. */
export type Format = (typeof formats)[number];

const formCharactersMax = 500;

/** The first that fits holds. */
const forms: readonly (readonly [format: Format, form: RegExp])[] = [
  ["redacted", /^REDACTED-[a-z][a-z0-9_-]{0,29}-[0-9a-f]{12}$/],
  ["uuid", /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  ["date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/],
  ["date", /^\d{4}-\d\d-\d\d$/],
  ["uri", /^https?:\/\/[^\s<>"{}|\\^`]+$/],
  ["ipv4", /^(\d{1,3}\.){3}\d{1,3}$/],
  ["email", /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/],
];

export function formatOf(text: string): Format {
  if (text.length > formCharactersMax) return "none";
  return forms.find(([, form]) => form.test(text))?.[0] ?? "none";
}
