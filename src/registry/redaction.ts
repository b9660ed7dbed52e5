import { z } from "zod";
import { defaultRules } from "../../capture/default-rules.ts";
import { redactorBy } from "../../capture/redactor.ts";
import { tokenForm } from "../../capture/token.ts";
import type { RedactionRule } from "../../capture/wire.ts";
import { contentTypeOf } from "../kernel/content-type.ts";
import type { Headers, Message } from "../kernel/exchange.ts";
import { textOf } from "./body-text.ts";

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
  redacted: z.int().describe("Places in it where a credential was replaced."),
});

export type Shown = z.output<typeof ShownBody>;

/** What stands for a credential's value in whatever Sluice carries and shows. */
export const redactedValue = "[redacted]";

/** Where a value was replaced: by the mark, or by a token of what was captured. */
export const replacedValues = new RegExp(`${tokenForm}|\\[redacted\\]`, "g");

/** The name of a variable for what was replaced: `REDACTED_BEARER` for a token of the category `bearer`. */
export function variableOf(replaced: string): string {
  const category = /^REDACTED-(.*)-/.exec(replaced)?.[1] ?? "secret";
  return `REDACTED_${category.toUpperCase().replaceAll("-", "_")}`;
}

/** As for what is captured, but for the parts of paths: those of what is carried are named by whoever has the endpoint. */
export const readersRules: readonly RedactionRule[] = defaultRules.filter(
  ({ places }) => !places.includes("request.path"),
);

/** Has the form of a token, which the scanner never looks into. */
const standIn = "REDACTED-shown-000000000000";
const reader = redactorBy(readersRules, () => standIn);

/**
 * A stored body as any reader may see it, at most `bytesMax` bytes of it. Carried payloads are kept as they came, so
 * this stands between them and every reader. Tokens of what was redacted before it was stored stay as they are.
 */
export function shownBody({ headers, body }: Message, bytesMax: number): Shown | null {
  if (body === null) return null;
  const cut = body.bytes.subarray(0, bytesMax);
  const isCut = body.truncated || cut.length < body.bytes.length;
  const clean = cleanBytes(cut, contentTypeOf(headers), isCut);
  // What was replaced may be longer than what was there.
  const truncated = isCut || clean.length > bytesMax;
  const bytes = clean.subarray(0, bytesMax);
  const text = textOf(bytes, truncated);
  return {
    text: text ?? bytes.toString("base64"),
    encoding: text === undefined ? "base64" : "utf8",
    size: body.size,
    sha256: body.sha256,
    truncated,
    redacted: replacedIn(text ?? bytes.toString("latin1")),
  };
}

/** Text of a body, or any other that came from outside. */
export function redactedText(text: string): string {
  return cleanBytes(Buffer.from(text), "", false).toString();
}

/** A path with its query. */
export function shownTarget(target: string): string {
  return marked(reader.target(target));
}

export function shownHeaders(headers: Headers): readonly { readonly name: string; readonly value: string }[] {
  return reader.headers("request", headers).map(([name, value]) => ({ name, value: marked(value) }));
}

function cleanBytes(bytes: Uint8Array, contentType: string, isCut: boolean): Buffer {
  const clean = reader.body("request", bytes, contentType, isCut);
  return Buffer.from(marked(Buffer.from(clean).toString("latin1")), "latin1");
}

function marked(text: string): string {
  return text.replaceAll(standIn, redactedValue);
}

function replacedIn(text: string): number {
  return text.match(replacedValues)?.length ?? 0;
}
