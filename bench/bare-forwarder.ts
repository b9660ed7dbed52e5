// The least a forwarder can do: read, answer 200, send on. Stores nothing, checks nothing. The pipeline's baseline.
import { createServer } from "node:http";
import { Pool } from "undici";
import { beMeasured } from "./measured-child.ts";

const target = new URL(process.argv[2] ?? "");
const pool = new Pool(target.origin, { connections: 64 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = chunks.length === 1 ? (chunks[0] ?? "") : Buffer.concat(chunks);
    response.writeHead(200, { "content-type": "application/json", "content-length": 11 });
    response.end('{"ok":true}');
    void pool
      .request({
        path: target.pathname,
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      })
      .then((answer) => answer.body.dump());
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    beMeasured({ url: `http://127.0.0.1:${address.port}` }, () => undefined);
});
