import type { Exchange } from "../../../kernel/exchange.ts";
import { Placeholders } from "./placeholders.ts";
import { type Content, contentOf, headersOf, notesOf, urlOf } from "./request-parts.ts";

/** Linux takes 128 KiB in one argument of a program. */
const argumentCharactersMax = 30_000;

/** A command of a POSIX shell that sends the request by curl; variables stand for what was redacted. */
export function commandOf(exchange: Exchange): string {
  const placeholders = new Placeholders();
  const quoted = (text: string): string => placeholders.in(shellText(text), (name) => `'"$${name}"'`);
  const { method, request } = exchange;
  const url = urlOf(exchange);
  const head = [
    `curl ${/[[\]{}]/.test(url) ? "-g " : ""}-X ${method} ${quoted(url)}`,
    ...headersOf(exchange).map(
      ([name, value]) => `-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`,
    ),
  ];
  const content = contentOf(request.body);
  const { piped, options } = content ? dataOf(content, quoted) : { piped: "", options: [] };
  const notes = notesOf(request.body).map((note) => `# ${note}`);
  const command = piped + [...head, ...options].join(" \\\n  ");
  return [...notes, ...placeholders.needed("#"), command].join("\n");
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** What an argument cannot take comes through a pipe, from `printf`, which is a part of the shell. */
function dataOf(
  content: Content,
  quoted: (text: string) => string,
): { readonly piped: string; readonly options: readonly string[] } {
  const options = ["--data-binary @-"];
  if ("base64" in content) return { piped: `printf %s '${content.base64}' | base64 -d | `, options };
  const { text } = content;
  if (text.includes("\0")) return dataOf({ base64: Buffer.from(text).toString("base64") }, quoted);
  return text.length > argumentCharactersMax
    ? { piped: `printf %s ${quoted(text)} | `, options }
    : { piped: "", options: [`--data-raw ${quoted(text)}`] };
}
