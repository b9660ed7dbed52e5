import { z } from "zod";
import { Failure } from "./failure.ts";

export const pageLimitMax = 50;
/** Of the rows of one page, as JSON: a model reads them all. */
export const pageBytesMax = 64 * 1024;

/** The rows from the first on that fit into one page, at least one. The cursor goes on after the last of them. */
export function fitting<T>(rows: readonly T[]): readonly T[] {
  let bytes = 0;
  for (const [i, row] of rows.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(row));
    if (bytes > pageBytesMax && i > 0) return rows.slice(0, i);
  }
  return rows;
}

/** Opaque to callers: base64url of the JSON of a key. Rows stay tenant-bound, so a forged cursor reveals nothing. */
export function cursorOf(key: unknown): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/** @throws Failure invalid when the cursor was not made by `cursorOf` for this shape */
export function keyOf<K extends z.ZodType>(cursor: string, shape: K): z.output<K> {
  const parsed = shape.safeParse(decoded(cursor));
  if (parsed.success) return parsed.data;
  throw new Failure("invalid", "This cursor was not issued by this list.", {
    pointer: "/cursor",
    hint: "Pass nextCursor of the previous page unchanged, or leave cursor out to start again.",
  });
}

function decoded(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
