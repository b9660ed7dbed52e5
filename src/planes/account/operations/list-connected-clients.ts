import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { useCollection } from "../credentials/credential-use.ts";
import { connectionView, ConnectionView } from "../oauth/connection-view.ts";
import { ownConnections } from "../oauth/own-connections.ts";

export const listConnectedClients = read({
  name: "list_connected_clients",
  title: "List connected clients",
  does: "Lists the clients that people connected to the workspace by OAuth, with what they may do and their last use. Members see their own, who manages members sees all.",
  verb: "GET",
  path: "/connected-clients",
  scope: "connected-clients:read",
  reach: "people",
  input: z.object({}),
  output: z.object({ connectedClients: z.array(ConnectionView) }),
  async run(_input, context) {
    const grants = await ownConnections(context);
    const uses = await Promise.all(grants.map(({ id }) => context.unit.entry(useCollection, id)));
    return { connectedClients: grants.map((grant, i) => connectionView(grant, uses[i])) };
  },
});
