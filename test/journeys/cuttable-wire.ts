import type { TestContext } from "node:test";
import { openWire } from "./wire.ts";

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
  let isCut = false;
  const { port, sockets } = await openWire(t, to, (near, reach) => {
    if (isCut) near.pause();
    else near.pipe(reach()).pipe(near);
  });
  return {
    port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      isCut = false;
    },
  };
}
