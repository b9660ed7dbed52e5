import { z } from "zod";
import { act } from "../../../registry/operation.ts";
import { fields } from "../credentials/new-credential.ts";
import { connectionView, ConnectionView } from "../oauth/connection-view.ts";
import { noConnection, ownConnection } from "../oauth/own-connections.ts";

export const updateConnectedClient = act({
  name: "update_connected_client",
  title: "Update a connected client",
  does: "Changes whose tools a client that was connected by OAuth lists over MCP. What it may do stays as it was approved.",
  verb: "PATCH",
  path: "/connected-clients/:connectionId",
  scope: "connected-clients:write",
  reach: "people",
  destructive: false,
  input: z.object({ connectionId: z.string().max(100), toolsets: fields.toolsets }),
  output: ConnectionView,
  plan: async ({ connectionId, toolsets }, context) => ({
    ...(await ownConnection(connectionId, context)),
    toolsets: [...new Set(toolsets)],
  }),
  preview: (grant) => connectionView(grant, undefined),
  async perform({ id, toolsets }, { identity }) {
    const grant = await identity.show(id, toolsets);
    if (grant === undefined) throw noConnection();
    return connectionView(grant, undefined);
  },
});
