import { createSecretKey } from "node:crypto";
import type { KeyRing } from "./key-ring.ts";

/**
 * The key ring in a text: keys of 32 bytes as base64url (43 characters) with white space or commas between them, the
 * current one first.
 *
 * @throws what `malformed` makes of what is wrong with the text, which shows no key
 */
export function ringOf(text: string, malformed: (fault: string) => Error): KeyRing {
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  for (const [index, part] of parts.entries()) {
    const bytes = Buffer.from(part, "base64url");
    if (bytes.length !== 32 || bytes.toString("base64url") !== part)
      throw malformed(`has no key of 43 base64url characters as key ${index + 1}`);
    if (parts.indexOf(part) !== index) throw malformed(`has key ${index + 1} twice`);
  }
  const [current, ...older] = parts.map((part) => createSecretKey(Buffer.from(part, "base64url")));
  if (current === undefined) throw malformed("is empty");
  return { current, older };
}
