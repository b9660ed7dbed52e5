/**
 * JSON whose texts every database can store, and look into. PostgreSQL has no NUL and no half of a surrogate pair in
 * texts: they become U+FFFD, in values and in names.
 */
export function storableJson(value: object): string {
  const text = JSON.stringify(value);
  return suspicious.test(text) ? JSON.stringify(value, storable) : text;
}

/** Also met in texts that merely speak of escapes, which are then looked at for nothing. */
const suspicious = /\\u(0000|d[89a-f])/;

function storable(_name: string, value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  return isPlain(value) ? named(value) : value;
}

function storableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function named(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [storableText(name), inner]));
}
