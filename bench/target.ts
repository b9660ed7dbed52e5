// A target that answers 200 at once, in a process of its own, and reads of requests what it must: it takes the same cores as the
// server that is measured.
import { createServer, type Socket } from "node:net";
import { lengthIn } from "./light-client.ts";

const answer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");

function serve(socket: Socket): void {
  let head = "";
  let missing: number | undefined;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    if (missing === undefined) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      missing = end + 4 + lengthIn(head.slice(0, end)) - head.length;
      head = "";
    } else missing -= chunk.length;
    if (missing > 0) return;
    missing = undefined;
    socket.write(answer);
  });
}

const server = createServer(serve);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    process.send?.({ url: `http://127.0.0.1:${address.port}` });
});
process.on("message", () => process.exit(0));
