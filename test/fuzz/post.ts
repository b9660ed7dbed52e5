import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";

/** Less than a server discards of a body that it has refused: see `linger` of engines/inbound. */
const pieceBytes = 64 * 1024;

/**
 * Posts on a connection of its own: one that is kept may be closed by the server, after a refusal or while the machine is
 * busy, at the moment that it is used again. What is answered before it is sent whole is not sent any further.
 */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<Response> {
  const length = { "content-length": String(body.byteLength) };
  const asked = request(url, { method: "POST", agent: false, headers: { ...headers, ...length } });
  const answered = once(asked, "response") as Promise<[IncomingMessage]>;
  const over = new AbortController();
  const stop = (): void => over.abort();
  const stopped = answered.then(stop, stop);
  for (let at = 0; at < body.length && !over.signal.aborted; at += pieceBytes)
    if (!asked.write(body.subarray(at, at + pieceBytes))) await Promise.race([once(asked, "drain"), stopped]);
  if (!over.signal.aborted) asked.end();
  const [answer] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  asked.destroy();
  const { statusCode: status = 0, headers: told } = answer;
  return new Response(Buffer.concat(chunks), {
    status,
    headers: { "content-type": told["content-type"] ?? "" },
  });
}
