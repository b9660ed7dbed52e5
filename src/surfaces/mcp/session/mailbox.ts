import { z } from "zod";
import { randomText } from "../../../kernel/id.ts";
import type { Engines } from "../../../registry/engines.ts";
import { RpcAnswer } from "../json-rpc.ts";
import { gone, writeEntries } from "./entry-writer.ts";
import type { Session } from "./session.ts";

const lookEveryMs = 300;
const letterMs = 2 * 60_000;
const lettersPerLook = 100;
/** A message that is longer does not go by letter. */
export const letterLengthMax = 1024 * 1024;

const Letter = z.discriminatedUnion("kind", [
  /** For the client, by the stream of its session. */
  z.object({ kind: z.literal("message"), text: z.string() }),
  /** The client wants this request no more. */
  z.object({ kind: z.literal("cancel"), requestId: z.union([z.string(), z.number()]) }),
  /** The client answers what it was asked. */
  z.object({ kind: z.literal("answer"), answer: RpcAnswer }),
]);

export type Letter = z.output<typeof Letter>;

/** Carries what concerns a session to the node that has its stream or its call, by way of the store. */
export type Mailbox = {
  post(session: Session, letter: Letter): Promise<void>;
  /** Hands over letters in the order they were posted until stopped. One is gone once `take` answers true. */
  listen(session: Session, take: (letter: Letter) => boolean): () => void;
};

export function storedMailbox(engines: Pick<Engines, "store" | "clock" | "log">): Mailbox {
  const { store, clock, log } = engines;
  let posted = 0;

  async function look(session: Session, take: (letter: Letter) => boolean): Promise<void> {
    const collection = collectionOf(session);
    const letters = await store.entries.list(session.owner.workspace, collection, lettersPerLook);
    const taken = letters.filter(({ value }) => take(Letter.parse(value)));
    if (taken.length === 0) return;
    await writeEntries(
      engines,
      session.owner,
      taken.map(({ key }) => gone(collection, key, clock.now())),
    );
  }

  return {
    async post(session, letter) {
      const now = clock.now();
      // Sorts by when it was posted, and on one node by how many were before.
      const key = `${now.toString(36).padStart(9, "0")}-${(++posted).toString(36).padStart(8, "0")}-${randomText(8)}`;
      await writeEntries(engines, session.owner, [
        { collection: collectionOf(session), key, value: letter, expiresAt: now + letterMs, mustBeNew: true },
      ]);
    },
    listen(session, take) {
      let isStopped = false;
      let timer: NodeJS.Timeout;
      const again = (): void => {
        timer = setTimeout(() => {
          look(session, (letter) => !isStopped && take(letter))
            .catch((error: unknown) => log(`the letters of an MCP session were not read: ${String(error)}`))
            .finally(() => {
              if (!isStopped) again();
            });
        }, lookEveryMs).unref();
      };
      again();
      return () => {
        isStopped = true;
        clearTimeout(timer);
      };
    },
  };
}

function collectionOf({ id }: Session): string {
  return `mcp_letter/${id}`;
}
