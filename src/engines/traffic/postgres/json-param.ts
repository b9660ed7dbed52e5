/**
 * A parameter for `json_to_recordset`. PostgreSQL has no NUL and no half of a surrogate pair in texts: as in the other
 * parameters, they become U+FFFD.
 */
export function jsonParam(rows: readonly object[]): string {
  const text = JSON.stringify(rows);
  return suspicious.test(text) ? JSON.stringify(rows, storable) : text;
}

/** Also met in texts that merely speak of escapes, which are then looked at for nothing. */
const suspicious = /\\u(0000|d[89a-f])/;

function storable(_name: string, value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "\uFFFD").toWellFormed() : value;
}
