import type { Plane } from "../../registry/plane.ts";
import { workspace } from "../../registry/workspace.ts";
import { bucket, environment } from "../../registry/environment.ts";
import { credential } from "./credential.ts";
import { member } from "./member.ts";
import { user } from "./user.ts";
import { accountRoutes } from "./pages/pages.ts";
import { invitation } from "./invitation.ts";
import { createApiKey } from "./operations/create-api-key.ts";
import { listConnectedClients } from "./operations/list-connected-clients.ts";
import { revokeConnectedClient } from "./operations/revoke-connected-client.ts";
import { createBucket } from "./operations/create-bucket.ts";
import { createEnvironment } from "./operations/create-environment.ts";
import { createManagementToken } from "./operations/create-management-token.ts";
import { createMcpToken } from "./operations/create-mcp-token.ts";
import { createPersonalKey } from "./operations/create-personal-key.ts";
import { deleteBucket } from "./operations/delete-bucket.ts";
import { deleteEnvironment } from "./operations/delete-environment.ts";
import { listBuckets } from "./operations/list-buckets.ts";
import { listCredentials } from "./operations/list-credentials.ts";
import { listEnvironments } from "./operations/list-environments.ts";
import { listPersonalKeys } from "./operations/list-personal-keys.ts";
import { listChanges } from "./operations/list-changes.ts";
import { revokeCredential } from "./operations/revoke-credential.ts";
import { revokePersonalKey } from "./operations/revoke-personal-key.ts";
import { updateCredential } from "./operations/update-credential.ts";
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
    listEnvironments,
    listBuckets,
    createEnvironment,
    deleteEnvironment,
    createBucket,
    deleteBucket,
    listCredentials,
    createApiKey,
    createMcpToken,
    createManagementToken,
    updateCredential,
    revokeCredential,
    listPersonalKeys,
    createPersonalKey,
    revokePersonalKey,
    listConnectedClients,
    revokeConnectedClient,
    updateWorkspace,
  ],
  resources: [workspace, environment, bucket, credential, user, member, invitation],
  documents: [],
  prompts: [],
  start: async (engines) => ({
    routes: await accountRoutes(engines),
    jobs: [],
    messages: [],
    upkeep: accountUpkeep(engines),
  }),
} as const satisfies Plane;
