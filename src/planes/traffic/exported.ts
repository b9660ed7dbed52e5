import type { Body, Exchange, Headers } from "../../kernel/exchange.ts";
import { redactedText, shownHeaders } from "../../registry/redaction.ts";
import { contentTypeOf } from "./redacted-message.ts";

/** What a request can be written as. */
export const formats = ["curl", "har", "test"] as const;

const bodyBytesMax = 32 * 1024;
/** What a client sets itself. */
const ofTransport: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "accept-encoding",
  "keep-alive",
]);

/**
 * The request as a command, an archive (HAR 1.2) or a test, ready to be used: replaced values become variables of the
 * environment, such as `$REDACTED_CARD_1`.
 */
export function exported(exchange: Exchange, as: (typeof formats)[number]): string {
  return writers[as](exchange);
}

const writers: Readonly<Record<(typeof formats)[number], (exchange: Exchange) => string>> = {
  curl: curlOf,
  har: harOf,
  test: testOf,
};

function urlOf({ host, path }: Exchange): string {
  const local = /^(localhost|127\.|\[::1\])/.test(host);
  return `${local ? "http" : "https"}://${host === "" ? "localhost" : host}${redactedText(path).text}`;
}

function headersOf({ request }: Exchange): Headers {
  return shownHeaders(request.headers)
    .filter(({ name }) => !ofTransport.has(name.toLowerCase()))
    .map(({ name, value }) => [name, value] as const);
}

function bodyOf(body: Body | null): string {
  if (body === null) return "";
  return redactedText(new TextDecoder().decode(body.bytes.subarray(0, bodyBytesMax))).text;
}

/** Texts of a shell in which tokens became variables. */
function curlOf(exchange: Exchange): string {
  const placeholders = new Placeholders();
  const quoted = (text: string): string => placeholders.in(shellText(text), (name) => `'"$${name}"'`);
  const body = bodyOf(exchange.request.body);
  const parts = [
    `curl -X ${exchange.method} ${quoted(urlOf(exchange))}`,
    ...headersOf(exchange).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === "" ? [] : [`--data-raw ${quoted(body)}`]),
  ];
  return [...placeholders.needed("#"), parts.join(" \\\n  ")].join("\n");
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function testOf(exchange: Exchange): string {
  const placeholders = new Placeholders();
  const code = (text: string): string =>
    placeholders.in(
      `\`${text.replaceAll(/[\\`$]/g, String.raw`\$&`)}\``,
      (name) => `\${process.env.${name}}`,
    );
  const body = bodyOf(exchange.request.body);
  const lines = [
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    "",
    'const base = process.env.BASE_URL ?? "http://localhost:3000";',
    "",
    `test(${code(`${exchange.method} ${exchange.path}`)}, async () => {`,
    `  const response = await fetch(base + ${code(redactedText(exchange.path).text)}, {`,
    `    method: ${code(exchange.method)},`,
    `    headers: [${headersOf(exchange)
      .map(([name, value]) => `[${code(name)}, ${code(value)}]`)
      .join(", ")}],`,
    ...(body === "" ? [] : [`    body: ${code(body)},`]),
    "  });",
    ...expectation(exchange.status),
    "});",
    "",
  ];
  return [...placeholders.needed("//"), ...lines].join("\n");
}

/** What a mended server does: a fault is not to be answered again. */
function expectation(status: number | null): readonly string[] {
  if (status === null || status >= 500)
    return [
      `  // It was answered ${status ?? "not at all"} when it was captured.`,
      "  assert.ok(response.status < 500, await response.text());",
    ];
  return [`  assert.equal(response.status, ${status});`];
}

/** HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/ */
function harOf(exchange: Exchange): string {
  const { durationMs, startedAt } = exchange;
  const entry = {
    startedDateTime: new Date(startedAt).toISOString(),
    time: durationMs,
    request: harRequest(exchange),
    response: harResponse(exchange),
    cache: {},
    timings: { send: 0, wait: durationMs, receive: 0 },
  };
  const creator = { name: "sluice", version: "1" };
  return JSON.stringify({ log: { version: "1.2", creator, entries: [entry] } }, null, 2);
}

const harCommon = { httpVersion: "HTTP/1.1", cookies: [], headersSize: -1 };

function harRequest(exchange: Exchange): object {
  const { method, path, request } = exchange;
  const query = [...new URLSearchParams(path.split("?", 2)[1] ?? "")];
  return {
    ...harCommon,
    method,
    url: urlOf(exchange),
    headers: namedHeaders(request.headers),
    queryString: query.map(([name, value]) => ({ name, value })),
    ...(request.body && {
      postData: { mimeType: contentTypeOf(request.headers), text: bodyOf(request.body) },
    }),
    bodySize: request.body?.size ?? 0,
  };
}

function harResponse({ status, response }: Exchange): object {
  const { headers, body } = response ?? { headers: [], body: null };
  const size = body?.size ?? 0;
  return {
    ...harCommon,
    status: status ?? 0,
    statusText: "",
    headers: namedHeaders(headers),
    content: { size, mimeType: contentTypeOf(headers), text: bodyOf(body) },
    redirectURL: "",
    bodySize: size,
  };
}

function namedHeaders(headers: Headers): { name: string; value: string }[] {
  return shownHeaders(headers).map(({ name, value }) => ({ name, value }));
}

/** Replaced values by the variable that stands for each, the same for the same value. */
class Placeholders {
  readonly #names = new Map<string, string>();

  in(text: string, write: (name: string) => string): string {
    return text.replaceAll(
      /REDACTED-([a-z][a-z0-9_-]{0,29})-[0-9a-f]{12}|\[redacted\]/g,
      (token, category?: string) => write(this.#nameOf(token, category ?? "secret")),
    );
  }

  needed(comment: string): readonly string[] {
    return this.#names.size === 0
      ? []
      : [`${comment} Set ${[...this.#names.values()].join(", ")} first: the values were redacted.`];
  }

  #nameOf(token: string, category: string): string {
    const known = this.#names.get(token);
    if (known !== undefined) return known;
    const name = `REDACTED_${category.toUpperCase().replaceAll("-", "_")}_${this.#names.size + 1}`;
    this.#names.set(token, name);
    return name;
  }
}
