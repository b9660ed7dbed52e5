import { once } from "node:events";
import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A way to a port on loopback that can be cut: as with an unplugged cable, nobody is told. */
export type CuttableWire = {
  readonly port: number;
  /** From now on nothing passes, on what is connected and on what connects meanwhile. */
  cut(): void;
  /** What connects from now on passes again; what was connected before never does. */
  mend(): void;
};

/** Open until the test ends. */
export async function cuttableWire(t: TestContext, to: number): Promise<CuttableWire> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const kept = (socket: Socket): Socket => {
    sockets.add(socket);
    // Either end may go away at any moment; the other end goes with it.
    return socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    kept(near);
    if (isCut) {
      near.pause();
      return;
    }
    const far = kept(createConnection(to, "127.0.0.1"));
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      isCut = false;
    },
  };
}
