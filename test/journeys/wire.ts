import { once } from "node:events";
import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A way to a port on loopback, open until the test ends. Each connection goes on only if `join` has it do so. */
export async function openWire(
  t: TestContext,
  to: number,
  join: (near: Socket, reach: () => Socket) => void,
): Promise<{ readonly port: number; readonly sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const kept = (socket: Socket): Socket => {
    sockets.add(socket);
    // Either end may go away at any moment; the other end goes with it.
    return socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    join(kept(near), () => {
      const far = kept(createConnection(to, "127.0.0.1"));
      near.once("close", () => far.destroy());
      far.once("close", () => near.destroy());
      return far;
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}
