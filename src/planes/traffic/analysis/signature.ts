import { contentTypeOf } from "../../../kernel/content-type.ts";
import type { Headers } from "../../../kernel/exchange.ts";

export type Answered = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
};

const charactersMax = 200;
const fieldsMax = 200;

/**
 * What an answer is told by, whatever changes from one time to the next: the status, and of JSON the fields with their
 * types and what is named like an error's code; of other text its beginning without digits.
 */
export function signatureOf({ status, headers, body }: Answered): string {
  const text = new TextDecoder().decode(body);
  const type = contentTypeOf(headers);
  return JSON.stringify([status, /json/i.test(type) ? jsonSignature(text) : plain(text)]);
}

function jsonSignature(text: string): unknown {
  try {
    const fields = new Set<string>();
    addFields(JSON.parse(text), "", fields);
    return [...fields].toSorted();
  } catch {
    return plain(text);
  }
}

const codes = /(^|\.)(code|error|type|name|title|reason|errorCode)$/i;

function addFields(value: unknown, at: string, fields: Set<string>): void {
  if (fields.size >= fieldsMax) return;
  if (Array.isArray(value)) {
    fields.add(`${at}[]`);
    for (const item of value.slice(0, 3)) addFields(item, `${at}[]`, fields);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, field] of Object.entries(value)) addFields(field, `${at}.${name}`, fields);
  } else if (typeof value === "string" && codes.test(at)) fields.add(`${at} = ${plain(value)}`);
  else fields.add(`${at}: ${value === null ? "null" : typeof value}`);
}

function plain(text: string): string {
  return text.slice(0, charactersMax).replaceAll(/[0-9a-f]*\d[0-9a-f]*/gi, "0");
}
