// An application under capture, in a process of its own: answers orders, and says what its agent did.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { capture } from "../../sdk/src/capture.ts";

const agent = capture();
const server = createServer(async (request, response) => {
  if (request.url === "/agent/flush") await agent.flush();
  if (request.url?.startsWith("/agent/") === true) {
    response.setHeader("content-type", "application/json").end(JSON.stringify(agent.stats()));
    return;
  }
  const body = await text(request);
  response.writeHead(201, { "content-type": "application/json" });
  response.end(JSON.stringify({ path: request.url, length: body.length }));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.stdout.write(`Orders are taken at http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
