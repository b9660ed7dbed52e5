import { Transform } from "node:stream";
import type { TestContext } from "node:test";
import { openWire } from "./wire.ts";

/** A way to PostgreSQL on loopback that everything passes but notifications, of which nobody is told. */
export type MutedWire = {
  readonly port: number;
  /** How many notifications did not arrive. */
  swallowed(): number;
};

/** Open until the test ends. Its connections are unencrypted, so that what PostgreSQL says can be told apart. */
export async function mutedWire(t: TestContext, to: number): Promise<MutedWire> {
  let swallowed = 0;
  const { port } = await openWire(t, to, (near, reach) => {
    near
      .pipe(reach())
      .pipe(withoutNotifications(() => swallowed++))
      .pipe(near);
  });
  return { port, swallowed: () => swallowed };
}

const notification = "A".charCodeAt(0);
/** Each message of PostgreSQL is a byte that says what it is, and a length that counts itself in. */
const headBytes = 5;

function withoutNotifications(swallow: () => void): Transform {
  let rest = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      rest = Buffer.concat([rest, chunk]);
      const passing: Buffer[] = [];
      while (rest.length >= headBytes && rest.length > rest.readUInt32BE(1)) {
        const end = 1 + rest.readUInt32BE(1);
        if (rest[0] === notification) swallow();
        else passing.push(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
      done(null, Buffer.concat(passing));
    },
  });
}
