import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";

/**
 * Posts on a connection of its own: one that is kept may be closed by the server, after a refusal or while the machine is
 * busy, at the moment that it is used again.
 */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<Response> {
  const asked = request(url, { method: "POST", agent: false, headers });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const { statusCode: status = 0, headers: told } = answer;
  return new Response(Buffer.concat(chunks), {
    status,
    headers: { "content-type": told["content-type"] ?? "" },
  });
}
