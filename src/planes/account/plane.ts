import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Plane, Running } from "../../registry/plane.ts";
import { workspace } from "../../registry/workspace.ts";
import { bucket, environment } from "../../registry/environment.ts";
import { authenticator } from "./authenticate.ts";
import { credential } from "./credentials/credential.ts";
import { declaredBucket, declaredEnvironment } from "./declared-places.ts";
import { liveMembers } from "./people/live-members.ts";
import { member } from "./people/member.ts";
import { user } from "./people/user.ts";
import { accountRoutes } from "./pages/pages.ts";
import { invitation } from "./people/invitation.ts";
import { createSignInLink } from "./operations/create-sign-in-link.ts";
import { createWorkspace } from "./operations/create-workspace.ts";
import { inviteMember } from "./operations/invite-member.ts";
import { leaveWorkspace } from "./operations/leave-workspace.ts";
import { listInvitations } from "./operations/list-invitations.ts";
import { listMembers } from "./operations/list-members.ts";
import { listWorkspaces } from "./operations/list-workspaces.ts";
import { removeMember } from "./operations/remove-member.ts";
import { revokeInvitation } from "./operations/revoke-invitation.ts";
import { updateMember } from "./operations/update-member.ts";
import { createApiKey } from "./operations/create-api-key.ts";
import { listConnectedClients } from "./operations/list-connected-clients.ts";
import { revokeConnectedClient } from "./operations/revoke-connected-client.ts";
import { createBucket } from "./operations/create-bucket.ts";
import { createEnvironment } from "./operations/create-environment.ts";
import { createManagementToken } from "./operations/create-management-token.ts";
import { createMcpToken } from "./operations/create-mcp-token.ts";
import { createPersonalKey } from "./operations/create-personal-key.ts";
import { describeOperation } from "./operations/describe-operation.ts";
import { deleteBucket } from "./operations/delete-bucket.ts";
import { deleteEnvironment } from "./operations/delete-environment.ts";
import { listBuckets } from "./operations/list-buckets.ts";
import { listCredentials } from "./operations/list-credentials.ts";
import { listEnvironments } from "./operations/list-environments.ts";
import { listPersonalKeys } from "./operations/list-personal-keys.ts";
import { listChanges } from "./operations/list-changes.ts";
import { revokeCredential } from "./operations/revoke-credential.ts";
import { revokePersonalKey } from "./operations/revoke-personal-key.ts";
import { updateConnectedClient } from "./operations/update-connected-client.ts";
import { updateCredential } from "./operations/update-credential.ts";
import { undoChange } from "./operations/undo-change.ts";
import { updatePersonalKey } from "./operations/update-personal-key.ts";
import { updateWorkspace } from "./operations/update-workspace.ts";
import { whoami } from "./operations/whoami.ts";
import { accountUpkeep } from "./upkeep.ts";

export const account = {
  name: "account",
  operations: [
    whoami,
    listChanges,
    undoChange,
    describeOperation,
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
    updatePersonalKey,
    revokePersonalKey,
    listConnectedClients,
    updateConnectedClient,
    revokeConnectedClient,
    updateWorkspace,
    listWorkspaces,
    createWorkspace,
    leaveWorkspace,
    listMembers,
    updateMember,
    removeMember,
    inviteMember,
    listInvitations,
    revokeInvitation,
    createSignInLink,
  ],
  declares: [declaredEnvironment, declaredBucket],
  resources: [workspace, environment, bucket, credential, user, member, invitation],
  documents: [],
  prompts: [],
  start,
} as const satisfies Plane;

/** Listed over MCP whatever a view is of: who one is, what was done, how to take it back, and what lists leave out. */
export const inEveryView: ReadonlySet<string> = new Set(
  [whoami, listChanges, undoChange, describeOperation].map(({ name }) => name),
);

/** `authenticate` is who sends a request, for every surface. */
async function start(engines: Engines): Promise<Running & { readonly authenticate: Authenticate }> {
  const members = await liveMembers(engines);
  return {
    authenticate: authenticator(engines, members),
    routes: await accountRoutes(engines, members),
    jobs: [],
    messages: [],
    upkeep: accountUpkeep(engines),
  };
}
