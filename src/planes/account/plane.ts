import { changedGrant } from "../../engines/identity/identity.ts";
import { credentialWatch, type Watch } from "../../registry/credential-watch.ts";
import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Plane, Running } from "../../registry/plane.ts";
import { workspace } from "../../registry/workspace.ts";
import { bucket, environment } from "../../registry/environment.ts";
import { authenticator, credentialReader } from "./authenticate.ts";
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
import { securityNotes } from "./security-note.ts";
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

/** What decides whether a credential holds, and what it is good for. */
const decisive: ReadonlySet<string> = new Set([credential.kind, member.kind, changedGrant]);

/** `authenticate` is who sends a request, for every surface, and `watch` whether that still holds. */
async function start(
  engines: Engines,
): Promise<Running & { readonly authenticate: Authenticate; readonly watch: Watch }> {
  const members = await liveMembers(engines);
  const read = credentialReader(engines, members);
  const { note, stop } = securityNotes(engines);
  return {
    authenticate: authenticator(read, engines, note),
    watch: credentialWatch(read, engines, decisive),
    routes: await accountRoutes(engines, members, note),
    jobs: [],
    messages: [],
    upkeep: accountUpkeep(engines),
    stop,
  };
}
