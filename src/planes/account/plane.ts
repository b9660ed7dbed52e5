import type { Plane } from "../../registry/plane.ts";
import { workspace } from "../../registry/workspace.ts";
import { apiKey } from "./api-key.ts";
import { member } from "./member.ts";
import { user } from "./user.ts";
import { accountRoutes } from "./pages/pages.ts";
import { invitation } from "./invitation.ts";
import { createApiKey } from "./operations/create-api-key.ts";
import { listConnectedClients } from "./operations/list-connected-clients.ts";
import { revokeConnectedClient } from "./operations/revoke-connected-client.ts";
import { listApiKeys } from "./operations/list-api-keys.ts";
import { listChanges } from "./operations/list-changes.ts";
import { revokeApiKey } from "./operations/revoke-api-key.ts";
import { undoChange } from "./operations/undo-change.ts";
import { updateWorkspace } from "./operations/update-workspace.ts";
import { whoami } from "./operations/whoami.ts";
import { accountUpkeep } from "./upkeep.ts";

export const account = {
  name: "account",
  operations: [
    whoami,
    listChanges,
    undoChange,
    listApiKeys,
    createApiKey,
    revokeApiKey,
    listConnectedClients,
    revokeConnectedClient,
    updateWorkspace,
  ],
  resources: [workspace, apiKey, user, member, invitation],
  documents: [],
  prompts: [],
  start: async (engines) => ({
    routes: await accountRoutes(engines),
    jobs: [],
    messages: [],
    upkeep: accountUpkeep(engines),
  }),
} as const satisfies Plane;
