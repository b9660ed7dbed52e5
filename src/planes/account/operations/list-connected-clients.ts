import { z } from "zod";
import type { Grant } from "../../../engines/identity/identity.ts";
import { inOrder, nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";
import { useCollection } from "../credentials/credential-use.ts";
import { connectionView, ConnectionView } from "../oauth/connection-view.ts";
import { ownConnections } from "../oauth/own-connections.ts";

/** Approving a client again does not move it: a row that moves might be skipped. */
const Key = z.object({ beforeNow: z.int(), id: z.string().max(100) });

export const listConnectedClients = read({
  name: "list_connected_clients",
  title: "List connected clients",
  does: "Lists the clients that people connected to the workspace by OAuth, newest first, with what they may do and their last use. Members see their own, who manages members sees all.",
  verb: "GET",
  path: "/connected-clients",
  scope: "connected-clients:read",
  reach: "people",
  rows: "connectedClients",
  input: z.object(pageInput),
  output: z.object({ connectedClients: z.array(ConnectionView), nextCursor }),
  async run(asked, context) {
    const source = inOrder(await ownConnections(context), {
      key: Key,
      keyOf: ({ createdAt, id }: Grant) => ({ beforeNow: -createdAt, id }),
    });
    const page = await pageOf(asked, source, async (grants) => {
      const uses = await Promise.all(grants.map(({ id }) => context.unit.entry(useCollection, id)));
      return grants.map((grant, i) => connectionView(grant, uses[i]));
    });
    return { connectedClients: page.rows, nextCursor: page.nextCursor };
  },
});
