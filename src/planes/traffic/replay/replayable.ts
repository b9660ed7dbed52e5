import type { Exchange } from "../../../kernel/exchange.ts";
import { partsOf } from "../../../kernel/target.ts";
import type { Json, Reducible } from "../analysis/minimise.ts";

const bodyBytesMax = 256 * 1024;
/** What a client sets itself, or what belongs to the connection that is gone. */
const ofTransport: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "keep-alive",
  "expect",
  "upgrade",
  "te",
  "trailer",
  "accept-encoding",
]);

/** Whether its body is there as it was sent; bodies over 256 KiB are not sent again. */
export function isWhole({ request: { body } }: Exchange): boolean {
  return body === null || (!body.truncated && body.bytes.length <= bodyBytesMax);
}

/** A captured request as it can be sent again, in its parts, with its body as it was written. */
export function asWritten({ request: { headers, body }, path }: Exchange): Reducible {
  return {
    headers: headers.filter(([name]) => !ofTransport.has(name.toLowerCase()) && !name.startsWith(":")),
    query: [...new URLSearchParams(partsOf(path).query)],
    body: body === null || body.bytes.length === 0 ? null : { text: new TextDecoder().decode(body.bytes) },
  };
}

/** As `asWritten`, with a body that is JSON in its parts too. */
export function replayable(exchange: Exchange): Reducible {
  const request = asWritten(exchange);
  const text = textOf(request.body);
  return text === null ? request : { ...request, body: bodyOf(text) };
}

function bodyOf(text: string): Reducible["body"] {
  try {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.parse makes is JSON
    return { json: JSON.parse(text) as Json };
  } catch {
    return { text };
  }
}

/** The body as it is sent. */
export function textOf(body: Reducible["body"]): string | null {
  if (body === null) return null;
  return "json" in body ? JSON.stringify(body.json) : body.text;
}

/** The path of the exchange with the query of the request. */
export function pathOf(exchange: Exchange, { query }: Reducible): string {
  const text = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
  return `${partsOf(exchange.path).path}${text === "" ? "" : `?${text}`}`;
}
