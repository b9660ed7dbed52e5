import { z } from "zod";
import { Failure } from "./failure.ts";

export const pageLimitMax = 50;

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
