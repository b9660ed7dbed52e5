import { networkInterfaces } from "node:os";
import { parseAddress } from "./address.ts";
import type { Address } from "./address.ts";

/** Where this process itself listens, so that nothing it sends comes back to itself. */
export type OwnListeners = {
  /** `address` as bound: `0.0.0.0` and `::` stand for every address of this machine. */
  add(address: string, port: number): void;
  /** The built-in echo target, the one listener that deliveries may reach, on any allow list. */
  addEcho(address: string, port: number): void;
  /** What answers at this address and port: one of ours, the echo target, or neither. */
  at(address: Address, port: number): "listener" | "echo" | undefined;
};

type Entry = { readonly address: Address; readonly port: number; readonly kind: "listener" | "echo" };

export function ownListeners(): OwnListeners {
  const entries: Entry[] = [];

  function register(kind: Entry["kind"], text: string, port: number): void {
    const address = parseAddress(text);
    if (address === undefined) throw new Error(`${text} is no address to listen on`);
    entries.push({ address, port, kind });
  }

  return {
    add: (address, port) => register("listener", address, port),
    addEcho: (address, port) => register("echo", address, port),
    at: (address, port) =>
      entries.find((entry) => entry.port === port && reaches(address, entry.address))?.kind,
  };
}

/** Whether connecting to `target` from this machine reaches a socket bound to `bound`. */
function reaches(target: Address, bound: Address): boolean {
  if (target.bits === bound.bits && target.value === bound.value) return true;
  // Connecting to the unspecified address reaches this machine, whatever the listener is bound to.
  if (target.value === 0n) return true;
  return bound.value === 0n && isThisMachine(target);
}

function isThisMachine(address: Address): boolean {
  if (address.bits === 32 && address.value >> 24n === 127n) return true;
  if (address.bits === 128 && address.value === 1n) return true;
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some((card) => {
    const parsed = parseAddress(card.address);
    return parsed?.bits === address.bits && parsed.value === address.value;
  });
}
