import { z } from "zod";
import { act } from "../../../registry/operation.ts";
import { connectionView, ConnectionView } from "../oauth/connection-view.ts";
import { ownConnection } from "../oauth/own-connections.ts";

export const revokeConnectedClient = act({
  name: "revoke_connected_client",
  title: "Disconnect a client",
  does: "Ends what a client was allowed to do by OAuth: all its tokens are refused from the next request on.",
  verb: "DELETE",
  path: "/connected-clients/:connectionId",
  scope: "connected-clients:write",
  reach: "people",
  destructive: true,
  input: z.object({ connectionId: z.string().max(100) }),
  output: ConnectionView,
  plan: ({ connectionId }, context) => ownConnection(connectionId, context),
  preview: (grant) => connectionView(grant, undefined),
  async perform(grant, { identity }) {
    await identity.revoke(grant.id);
    return connectionView(grant, undefined);
  },
});
