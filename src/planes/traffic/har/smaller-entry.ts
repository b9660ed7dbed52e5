import type { CapturedBody, CapturedMessage } from "../../../../capture/wire.ts";
import { fittingTarget } from "../fitting.ts";
import { memberOf, textOf } from "../loose-json.ts";
import { cutMember, type Cut } from "./cut-entry.ts";
import { saidOf, type ReadEntry } from "./read-entry.ts";

type Counted = Pick<Cut, "at" | "before">;
type Told = Extract<ReadEntry, { readonly record: unknown }>;

const schemeCharactersMax = 60;

/** An entry that is read as this one was, with nothing in it but what is read, and of bodies what is kept. */
export function smallerEntry(entry: unknown, read: ReadEntry, counted: Counted): object {
  const address = textOf(memberOf(entry, "request"), "url");
  if (!("record" in read)) return { request: { url: schemeOf(address) }, [cutMember]: counted };
  const { record } = read;
  const { request, response } = record;
  return {
    startedDateTime: new Date(record.startedAt).toISOString(),
    ...timeOf(record.durationMs),
    request: {
      method: record.method,
      url: shorter(address, read),
      headers: headersOf(request),
      bodySize: request.size,
      ...(request.body !== null && { postData: contentOf(request.body) }),
    },
    response: {
      status: record.status ?? 0,
      headers: response === null ? [] : headersOf(response),
      content: { size: response?.size ?? 0, ...(response?.body && contentOf(response.body)) },
      ...(response === null && { _error: saidOf(memberOf(entry, "response")) }),
    },
    [cutMember]: { ...counted, ...(request.body !== null && { sentBytes: request.body.size }) },
  };
}

/** Of an address that is no request, such as an image within a page, what its problem is told by. */
function schemeOf(address: string): string {
  const url = URL.parse(address);
  return url === null ? "" : `${url.protocol.slice(0, schemeCharactersMax).replace(/:?$/, ":")}//x/`;
}

/** An address without what is not read of it, unless it would be another: `/a/..` where `/a/..b` was cut. */
function shorter(address: string, { record: { host, target } }: Told): string {
  const { protocol = "" } = URL.parse(address) ?? {};
  const short = URL.parse(`${protocol}//${host}${target}`);
  const isAlike = short?.host === host && fittingTarget(short.pathname + short.search) === target;
  return isAlike ? short.href : address;
}

/** What is longer than a number can say is refused as it is, and JSON has no such number. */
function timeOf(durationMs: number): object {
  if (Number.isFinite(durationMs)) return { time: durationMs };
  return { timings: { send: Number.MAX_VALUE, wait: Number.MAX_VALUE } };
}

function headersOf({ headers }: CapturedMessage): readonly object[] {
  return headers.map(([name, value]) => ({ name, value }));
}

function contentOf(body: CapturedBody): object {
  // A text that holds nothing in base64 is a body without bytes, and no text is no body.
  return "text" in body ? { text: body.text } : { text: body.base64 || "=", encoding: "base64" };
}
