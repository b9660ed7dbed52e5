// A target that answers 200 at once, in a process of its own.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end("ok"));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    process.send?.({ url: `http://127.0.0.1:${address.port}` });
});
process.on("message", () => process.exit(0));
