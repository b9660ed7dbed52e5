import type { Exchange } from "../../../kernel/exchange.ts";
import { Placeholders } from "./placeholders.ts";
import { type Content, contentOf, headersOf, notesOf } from "./request-parts.ts";

/** A test of `node:test` that sends the request to `BASE_URL`; variables stand for what was redacted. */
export function testOf(exchange: Exchange): string {
  const placeholders = new Placeholders();
  const code = (text: string): string =>
    placeholders.in(`\`${escaped(text)}\``, (name) => `\${process.env.${name}}`);
  const { method, path, request, status } = exchange;
  const content = contentOf(request.body);
  const lines = [
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    "",
    'const base = process.env.BASE_URL ?? "http://localhost:3000";',
    "",
    // Tokens stay in the title: values would be in whatever reports it.
    `test(\`${escaped(`${method} ${path}`)}\`, async () => {`,
    `  const response = await fetch(base + ${code(path)}, {`,
    `    method: ${code(method)},`,
    `    headers: [${headersOf(exchange)
      .map(([name, value]) => `[${code(name)}, ${code(value)}]`)
      .join(", ")}],`,
    ...(content ? [`    body: ${bodyCode(content, code)},`] : []),
    "  });",
    ...expectation(status),
    "});",
    "",
  ];
  const notes = notesOf(request.body).map((note) => `// ${note}`);
  return [...notes, ...placeholders.needed("//"), ...lines].join("\n");
}

function bodyCode(content: Content, code: (text: string) => string): string {
  return "text" in content ? code(content.text) : `Buffer.from("${content.base64}", "base64")`;
}

/** Control characters too: a carriage return within a template would be read as a line feed. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\`$]/g, String.raw`\$&`)
    .replaceAll(/(?!\n)\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
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
