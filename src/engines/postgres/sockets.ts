import { once } from "node:events";
import { Socket } from "node:net";

/** The sockets of some connections to PostgreSQL, for the driver's setting `stream`. */
export type Sockets = {
  open(): Socket;
  /**
   * Resolves when all of them are closed; to be called once their connections were ended. The other side may be out of
   * reach and never close: then they would hold up the process for as long as the system believes in them.
   */
  closed(): Promise<void>;
};

const partingMs = 1_000;

export function socketsToPostgres(): Sockets {
  const all = new Set<Socket>();
  return {
    open() {
      const socket = new Socket();
      all.add(socket);
      return socket.once("close", () => all.delete(socket));
    },
    async closed() {
      const signal = AbortSignal.timeout(partingMs);
      await Promise.all(
        [...all].map(async (socket) => {
          await once(socket, "close", { signal }).catch(() => socket.destroy());
        }),
      );
    },
  };
}
