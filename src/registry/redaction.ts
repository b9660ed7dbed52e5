import { z } from "zod";
import type { Body, Headers } from "../kernel/exchange.ts";

/**
 * What a reader sees of a body: text with credentials replaced, or base64 of bytes that are no text. `size` is the true one
 * in bytes; `truncated`: less than the whole is shown, or was stored.
 */
export const ShownBody = z.object({
  text: z.string(),
  encoding: z.enum(["utf8", "base64"]),
  size: z.int(),
  sha256: z.string(),
  truncated: z.boolean(),
  redacted: z.int().describe("Places where a credential was replaced by [redacted]."),
});

export type Shown = z.output<typeof ShownBody>;

const mark = "[redacted]";

/** Members of JSON, and form or query fields, whose values are never shown. */
const secretName =
  "(?:pass(?:word|wd|phrase)?|secret|client_?secret|api_?key|access_?key|private_?key|access_?token|refresh_?token|id_?token|auth_?token|bearer|authorization|card_?number|cvv|cvc|ssn|pin)";

const jsonMember = new RegExp(
  `("${secretName}"\\s*:\\s*)("(?:[^"\\\\]|\\\\.){0,4096}"|-?\\d[\\d.eE+-]{0,40})`,
  "gi",
);
const formField = new RegExp(`((?:^|[&?])${secretName}=)[^&\\s]{1,4096}`, "gi");

/** Credentials that are known by their form, wherever they stand. */
const forms: readonly RegExp[] = [
  /\b[sr]k_(?:live|test)_[0-9A-Za-z]{10,200}/g,
  /\bwhsec_[0-9A-Za-z+/=_-]{10,200}/g,
  /\bgh[oprsu]_[0-9A-Za-z]{20,200}/g,
  /\bgithub_pat_[0-9A-Za-z_]{20,200}/g,
  /\bxox[abeoprs]-[0-9A-Za-z-]{10,200}/g,
  /\bshp(?:at|ss|ca|pa)_[0-9A-Za-z]{20,100}/g,
  /\bAKIA[0-9A-Z]{16}\b/g,
  /\bAIza[0-9A-Za-z_-]{35}/g,
  /\bmk_[0-9A-Za-z]{48,49}\b/g,
  /\beyJ[0-9A-Za-z_-]{8,2000}\.eyJ[0-9A-Za-z_-]{8,4000}\.[0-9A-Za-z_-]{8,2000}/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,8000}?-----END [A-Z ]{0,40}PRIVATE KEY-----/g,
];
const digits = /\b\d(?:[ -]?\d){12,18}\b/g;

/**
 * A stored body as any reader may see it, at most `bytesMax` bytes of it. Carried payloads are kept as they came, so
 * this stands between them and every reader.
 */
export function shownBody(body: Body | null, bytesMax: number): Shown | null {
  if (body === null) return null;
  const bytes = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.length);
  const cut = bytes.length > bytesMax;
  const rest = { size: body.size, sha256: body.sha256, truncated: body.truncated || cut };
  const text = textOf(bytes, cut ? bytesMax : bytes.length);
  if (text === undefined)
    return {
      text: bytes.toString("base64", 0, Math.min(bytes.length, bytesMax)),
      encoding: "base64",
      redacted: 0,
      ...rest,
    };
  const { text: clean, redacted } = redactedText(text);
  return { text: clean, encoding: "utf8", redacted, ...rest };
}

/** Replaces credentials in text. Every pattern is linear and bounded. */
export function redactedText(text: string): { readonly text: string; readonly redacted: number } {
  let redacted = 0;
  const count = (replacement: string): string => {
    redacted++;
    return replacement;
  };
  let clean = text
    .replace(jsonMember, (_whole, name: string) => count(`${name}"${mark}"`))
    .replace(formField, (_whole, name: string) => count(`${name}${mark}`));
  for (const form of forms) clean = clean.replace(form, () => count(mark));
  clean = clean.replace(digits, (whole) => (isCardNumber(whole) ? count(mark) : whole));
  return { text: clean, redacted };
}

/** Header values as text; names of credentials were replaced when they were stored. */
export function shownHeaders(headers: Headers): readonly { readonly name: string; readonly value: string }[] {
  return headers.map(([name, value]) => ({ name, value: redactedText(value).text }));
}

function textOf(bytes: Buffer, length: number): string | undefined {
  try {
    // A character cut in two at the end is dropped; anything else that is no UTF-8 makes it binary.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), {
      stream: length < bytes.length,
    });
  } catch {
    return undefined;
  }
}

/** Luhn, and no run of one digit. */
function isCardNumber(text: string): boolean {
  const number = text.replaceAll(/\D/g, "");
  if (number.length < 13 || number.length > 19 || /^(\d)\1+$/.test(number)) return false;
  let sum = 0;
  for (let i = 0; i < number.length; i++) {
    const digit = Number(number[number.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
