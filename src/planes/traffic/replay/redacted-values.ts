import { z } from "zod";
import { contentTypeOf } from "../../../kernel/content-type.ts";
import type { Exchange } from "../../../kernel/exchange.ts";
import { partsOf } from "../../../kernel/target.ts";
import { replacedValues, variableOf } from "../../../registry/redaction.ts";
import type { Reducible } from "../analysis/minimise.ts";
import type { Answered } from "../analysis/signature.ts";
import { textOf } from "./replayable.ts";

const valuesMax = 50;

/** Values by name, as `RedactedValues` takes them: neither audited nor kept. */
export const valuesInput = z
  .record(
    z.string().regex(/^REDACTED_[A-Z][A-Z0-9_]{0,29}$/, "a name such as REDACTED_BEARER"),
    z
      .string()
      .max(4_096)
      .regex(/^[\x20-\x7e]+$/, "printable ASCII"),
  )
  .refine((values) => Object.keys(values).length <= valuesMax, `at most ${valuesMax} values`)
  .default({})
  .meta({ secret: true, brief: true })
  .describe("Redacted ones: `REDACTED_BEARER`.");

/** A request in the place that it was captured in. */
export type Sendable = { readonly exchange: Exchange; readonly request: Reducible };

/**
 * Values for what was redacted when requests were captured, by the name that it has in exports but for its number:
 * `REDACTED_BEARER` is for every value of the category `bearer`. They go to test servers, and nowhere else.
 */
export class RedactedValues {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: Readonly<Record<string, string>>) {
    this.#values = new Map(Object.entries(values));
  }

  /** Names of what was redacted in the request and has no value here. */
  missingFrom({ exchange, request: { headers, query, body } }: Sendable): readonly string[] {
    const values = [...headers, ...query].map(([, value]) => value);
    const all = [partsOf(exchange.path).path, ...values, textOf(body) ?? ""].join("\n");
    const names = [...all.matchAll(replacedValues)].map(([replaced]) => variableOf(replaced));
    return [...new Set(names)].filter((name) => !this.#values.has(name)).toSorted();
  }

  /** The request with the values in its path, headers, query and body. */
  filledIn({ exchange, request: { headers, query, body } }: Sendable): Sendable {
    const plain = ([name, value]: readonly [string, string]) =>
      [name, this.#filled(value, unchanged)] as const;
    const text = textOf(body);
    const write = body !== null && "json" in body ? inJson : writtenAs(contentTypeOf(headers));
    return {
      exchange: { ...exchange, path: this.#filled(exchange.path, encodeURIComponent) },
      request: {
        headers: headers.map(plain),
        query: query.map(plain),
        body: text === null ? null : { text: this.#filled(text, write) },
      },
    };
  }

  /** An answer in which the server may have repeated the values, without them. */
  hiddenIn({ headers, body, ...answer }: Answered): Answered {
    return {
      ...answer,
      headers: headers.map(([name, value]) => [name, this.#hidden(value)] as const),
      body: Buffer.from(this.#hidden(Buffer.from(body).toString("latin1"), "latin1"), "latin1"),
    };
  }

  #filled(text: string, write: (value: string) => string): string {
    return text.replaceAll(replacedValues, (replaced) => {
      const value = this.#values.get(variableOf(replaced));
      return value === undefined ? replaced : write(value);
    });
  }

  #hidden(text: string, encoding: BufferEncoding = "utf8"): string {
    const written = [...this.#values].flatMap(([name, value]) =>
      [value, inJson(value), encodeURIComponent(value)].map((it) => [name, it] as const),
    );
    return written.reduce(
      (hidden, [name, value]) => hidden.replaceAll(Buffer.from(value).toString(encoding), name),
      text,
    );
  }
}

/** How a value is written into a body of the content type. */
function writtenAs(contentType: string): (value: string) => string {
  if (/json/i.test(contentType)) return inJson;
  return /x-www-form-urlencoded/i.test(contentType) ? encodeURIComponent : unchanged;
}

function unchanged(value: string): string {
  return value;
}

function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}
