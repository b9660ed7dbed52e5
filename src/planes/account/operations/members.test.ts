import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openPeopleWorld, stores, examplePassword, type PeopleWorld } from "../../../../test/people-world.ts";
import { addMember, addPerson } from "../../../../test/people.ts";
import { dryRunLeavesNothing, scenarios, type Place, type Prepare } from "../../../../test/scenario.ts";
import { callerOf, authenticatorOf, bearing } from "../../../../test/world.ts";
import { storeCredentials } from "../../../../test/stored-credentials.ts";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import type { Principal } from "../../../kernel/principal.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { credential } from "../credentials/credential.ts";
import type { Role } from "../people/role.ts";
import { createApiKey } from "./create-api-key.ts";
import { createSignInLink } from "./create-sign-in-link.ts";
import { createWorkspace } from "./create-workspace.ts";
import { inviteMember } from "./invite-member.ts";
import { leaveWorkspace } from "./leave-workspace.ts";
import { listChanges } from "./list-changes.ts";
import { listInvitations } from "./list-invitations.ts";
import { listMembers } from "./list-members.ts";
import { listWorkspaces } from "./list-workspaces.ts";
import { removeMember } from "./remove-member.ts";
import { revokeInvitation } from "./revoke-invitation.ts";
import { updateMember } from "./update-member.ts";

const ada = { email: "ada@example.com" };
const unknown = { memberId: "mem_unknown" };
/** Somebody who is a viewer, and an owner so that others can go. */
async function aMember(_: Prepare, { engines, workspace }: Place): Promise<Output> {
  const owner = await addPerson(engines, newId("own"), { password: null });
  await addMember(engines, { workspace, user: owner.id, role: "owner" });
  const { id: user } = await addPerson(engines, newId("eva"), { password: null });
  return { user, workspace, memberId: await addMember(engines, { workspace, user, role: "viewer" }) };
}
const theMember = ({ memberId }: Output): Output => ({ memberId });
const themselves = ({ user }: Output): string => String(user);
const anInvitation = (call: Prepare): Promise<Output> => call(inviteMember, ada);

scenarios(inviteMember, [
  {
    name: "answers a link that is good for 7 days",
    scopes: ["members:write"],
    input: { email: " Ada@Example.com ", role: "admin" },
    gives: {
      email: "ada@example.com",
      role: "admin",
      state: "open",
      by: "key_test",
      expiresAt: "2026-11-27T12:00:00.000Z",
    },
    leaves: { invitation: 1, audit: 1, history: 1 },
  },
  {
    name: "without a role it is for a member",
    scopes: "all",
    input: ada,
    gives: { role: "member" },
    leaves: { invitation: 1, audit: 1, history: 1 },
  },
  {
    name: "inviting again replaces the earlier link",
    scopes: "all",
    given: anInvitation,
    input: { ...ada, role: "viewer" },
    gives: { role: "viewer" },
    leaves: { invitation: 2, audit: 1, history: 2 },
  },
  {
    name: "a credential that acts as no person makes no owner, whatever its scopes",
    scopes: "all",
    input: { ...ada, role: "owner" },
    fails: { kind: "forbidden", pointer: "/role" },
    leaves: {},
  },
  {
    name: "an email is needed",
    scopes: "all",
    input: { email: "ada" },
    fails: { kind: "invalid", pointer: "/email" },
    leaves: {},
  },
]);
dryRunLeavesNothing(inviteMember, { input: ada });

scenarios(listInvitations, [
  {
    name: "lists what was made, without links",
    scopes: ["members:read"],
    given: anInvitation,
    input: {},
    gives: { invitations: [{ email: "ada@example.com", role: "member", state: "open" }] },
    leaves: {},
  },
]);

scenarios(revokeInvitation, [
  {
    name: "makes the link useless",
    scopes: ["members:write"],
    given: anInvitation,
    input: ({ id }) => ({ invitationId: id }),
    gives: { state: "revoked" },
    leaves: { invitation: 1, audit: 1, history: 1 },
  },
  {
    name: "an unknown one is not found",
    scopes: "all",
    input: { invitationId: "inv_unknown" },
    fails: { kind: "not_found", pointer: "/invitationId" },
    leaves: {},
  },
]);
scenarios(revokeInvitation, [
  {
    name: "at another version than was seen, it stays open",
    scopes: "all",
    given: anInvitation,
    input: ({ id }) => ({ invitationId: id, expectedVersion: 2 }),
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
]);
dryRunLeavesNothing(revokeInvitation, { given: anInvitation, input: ({ id }) => ({ invitationId: id }) });

scenarios(listMembers, [
  {
    name: "a workspace without people",
    scopes: ["members:read"],
    input: {},
    gives: { members: [] },
    leaves: {},
  },
]);

const notFound = { fails: { kind: "not_found", pointer: "/memberId" }, leaves: {} } as const;
scenarios(updateMember, [
  {
    name: "gives another role",
    scopes: ["members:write"],
    given: aMember,
    input: ({ memberId }) => ({ memberId, role: "admin" }),
    gives: { role: "admin" },
    leaves: { member: 1, audit: 1, history: 1 },
  },
  { name: "an unknown member", scopes: ["members:write"], input: { ...unknown, role: "admin" }, ...notFound },
  {
    name: "a role that there is not",
    scopes: "all",
    input: { ...unknown, role: "god" },
    fails: { kind: "invalid", pointer: "/role" },
    leaves: {},
  },
]);
dryRunLeavesNothing(updateMember, { given: aMember, input: ({ memberId }) => ({ memberId, role: "admin" }) });
scenarios(removeMember, [
  {
    name: "takes somebody out",
    scopes: ["members:write"],
    given: aMember,
    input: theMember,
    gives: { credentialsRevoked: 0 },
    leaves: { member: 1, audit: 1, history: 1 },
  },
  { name: "an unknown member", scopes: ["members:write"], input: unknown, ...notFound },
]);
dryRunLeavesNothing(removeMember, { given: aMember, input: theMember });
scenarios(createSignInLink, [
  {
    name: "answers a link that is good for a day",
    scopes: ["members:write"],
    given: aMember,
    input: theMember,
    gives: { expiresAt: "2026-11-21T12:00:00.000Z" },
    leaves: { "entry:sign_in_link": 1, audit: 2 },
  },
  { name: "an unknown member", scopes: ["members:write"], input: unknown, ...notFound },
]);
dryRunLeavesNothing(createSignInLink, { given: aMember, input: theMember });
scenarios(leaveWorkspace, [
  {
    name: "ends one's own membership",
    scopes: ["self:write"],
    given: aMember,
    by: themselves,
    input: {},
    gives: { credentialsRevoked: 0 },
    leaves: { member: 1, audit: 1, history: 1 },
  },
  {
    name: "a key is no member",
    scopes: ["self:write"],
    input: {},
    fails: { kind: "forbidden" },
    leaves: {},
  },
]);

dryRunLeavesNothing(leaveWorkspace, { given: aMember, by: themselves, input: {} });

scenarios(listWorkspaces, [
  { name: "who belongs to none", scopes: [], input: {}, gives: { workspaces: [] }, leaves: {} },
]);
scenarios(createWorkspace, [
  {
    name: "makes one with its environments, which is mine",
    scopes: [],
    input: { name: " shop " },
    gives: { name: "shop" },
    leaves: { workspace: 1, environment: 3, bucket: 3, member: 1, audit: 2, history: 8 },
  },
  {
    name: "a name is needed",
    scopes: [],
    input: { name: " " },
    fails: { kind: "invalid", pointer: "/name" },
    leaves: {},
  },
]);
dryRunLeavesNothing(createWorkspace, { input: { name: "shop" } });

for (const on of stores)
  describe(`members over ${on}`, () => {
    let world: PeopleWorld;
    before(async () => {
      world = await openPeopleWorld({ on });
    });
    after(() => world.close());

    /** A workspace with somebody in each of these roles. */
    async function workspaceOf(...roles: readonly Role[]) {
      const workspace = await world.newWorkspace();
      const people = await Promise.all(
        roles.map(async (role) => {
          const { id } = await world.newPerson(`p${Math.random().toString(36).slice(2)}`);
          return { id, role, memberId: await world.join(workspace, id, role) };
        }),
      );
      const as = (n: number): Principal => ({
        workspaces: new Map([[workspace, "all"]]),
        actor: { kind: "user", id: people[n]?.id ?? "" },
        credential: { kind: "session", id: "ses_test" },
        confines: {},
        toolsets: [],
      });
      return {
        workspace,
        people,
        as,
        memberId: (n: number) => people[n]?.memberId ?? "",
        call: (n: number, it: Operation, input: object) => invoke(it, input, callerOf(as(n)), world.engines),
      };
    }

    async function rolesIn({ call }: Awaited<ReturnType<typeof workspaceOf>>, n: number): Promise<unknown[]> {
      const { members } = (await call(n, listMembers, {})) as { members: { role: Role }[] };
      return members.map(({ role }) => role).toSorted();
    }

    const refusedAs = (pointer: string) => (error: unknown) =>
      error instanceof Failure && error.kind === "forbidden" && error.detail.pointer === pointer;

    test("owners make owners; admins change everybody but owners", async () => {
      const it = await workspaceOf("owner", "admin", "member");
      await assert.rejects(
        it.call(1, updateMember, { memberId: it.memberId(2), role: "owner" }),
        refusedAs("/role"),
      );
      await assert.rejects(
        it.call(1, updateMember, { memberId: it.memberId(1), role: "owner" }),
        refusedAs("/role"),
      );
      for (const role of ["viewer", "admin"])
        await assert.rejects(
          it.call(1, updateMember, { memberId: it.memberId(0), role }),
          refusedAs("/memberId"),
        );
      await assert.rejects(it.call(1, removeMember, { memberId: it.memberId(0) }), refusedAs("/memberId"));
      await assert.rejects(it.call(1, inviteMember, { ...ada, role: "owner" }), refusedAs("/role"));
      await it.call(1, updateMember, { memberId: it.memberId(2), role: "admin" });
      await it.call(0, updateMember, { memberId: it.memberId(1), role: "owner" });
      assert.deepEqual(await rolesIn(it, 0), ["admin", "owner", "owner"]);
    });

    test("the last owner stays: neither made less, nor removed, nor leaving", async () => {
      const it = await workspaceOf("owner", "admin");
      const last = { kind: "conflict", message: /this is the last/ };
      await assert.rejects(it.call(0, updateMember, { memberId: it.memberId(0), role: "admin" }), last);
      await assert.rejects(it.call(0, removeMember, { memberId: it.memberId(0) }), last);
      await assert.rejects(it.call(0, leaveWorkspace, {}), last);
    });

    test("of two owners who go at the same moment one stays, however they go", async () => {
      for (const [one, two] of [
        [leaveWorkspace, leaveWorkspace],
        [removeMember, removeMember],
        [updateMember, leaveWorkspace],
      ] as const) {
        const it = await workspaceOf("owner", "owner", "viewer");
        const inputOf = (operation: Operation, n: number) =>
          operation === leaveWorkspace
            ? {}
            : { memberId: it.memberId(n), ...(operation === updateMember && { role: "member" }) };
        const ends = await Promise.allSettled([
          it.call(0, one, inputOf(one, 0)),
          it.call(1, two, inputOf(two, 1)),
        ]);
        assert.equal(ends.filter(({ status }) => status === "fulfilled").length, 1);
        const owners = await world.engines.store.records.find(it.workspace, "member", {
          where: { role: "owner" },
          limit: 10,
        });
        assert.equal(owners.length, 1);
      }
    });

    test("who is removed is out with the next request, and their credentials and invitations with them", async () => {
      const it = await workspaceOf("owner", "admin");
      const { secret } = await it.call(1, createApiKey, { name: "laptop" });
      const { link } = await it.call(1, inviteMember, ada);
      const authenticate = await authenticatorOf(world.engines);
      assert.ok(await authenticate(bearing(`Bearer ${String(secret)}`)));
      const removed = await it.call(0, removeMember, { memberId: it.memberId(1) });
      assert.deepEqual(removed, { removed: it.memberId(1), credentialsRevoked: 1 });
      await assert.rejects(authenticate(bearing(`Bearer ${String(secret)}`)), { kind: "unauthenticated" });
      await assert.rejects(it.call(1, updateMember, { memberId: it.memberId(0), role: "viewer" }), {
        kind: "forbidden",
      });
      assert.equal((await world.newBrowser().open(new URL(String(link)).pathname)).status, 404);
    });

    test("of who is removed no credential goes on working, however many they made since", async () => {
      const it = await workspaceOf("owner", "admin");
      const owner = it.people[1]?.id ?? "";
      const first = await it.call(1, createApiKey, { name: "the first", expiresInDays: null });
      await storeCredentials(world.engines, it.workspace, {
        count: 1_001,
        value: { kind: "api-key", owner, revokedAt: 1 },
      });
      const standing = await storeCredentials(world.engines, it.workspace, {
        count: 1_001,
        value: { kind: "mcp-token", owner },
      });
      const removed = await it.call(0, removeMember, { memberId: it.memberId(1) });
      assert.equal(removed["credentialsRevoked"], 1_002);
      const authenticate = await authenticatorOf(world.engines);
      await assert.rejects(authenticate(bearing(`Bearer ${String(first["secret"])}`)), {
        kind: "unauthenticated",
      });
      for (const id of standing) {
        const stored = await world.engines.store.records.get(it.workspace, credential.kind, id);
        assert.notEqual(stored?.value["revokedAt"], null, id);
      }
    });

    test("a sign-in link for a member: admins for lower roles, owners for all, and not beyond the workspace", async () => {
      const it = await workspaceOf("owner", "admin", "member", "admin");
      const link = async (by: number, of: number) =>
        it.call(by, createSignInLink, { memberId: it.memberId(of) });
      await assert.rejects(link(1, 0), refusedAs("/memberId"));
      await assert.rejects(link(1, 3), refusedAs("/memberId"));
      await link(0, 1);
      const made = await link(1, 2);
      const shown = await world.newBrowser().submit(new URL(String(made["link"])).pathname, { name: "Back" });
      assert.equal(shown.path, "/account");
      const elsewhere = await world.newWorkspace();
      await world.join(elsewhere, it.people[2]?.id ?? "", "viewer");
      await assert.rejects(link(0, 2), { kind: "forbidden", message: /another workspace/ });
      await world.join(elsewhere, it.people[0]?.id ?? "", "admin");
      await link(0, 2);
    });

    test("a sign-in link is over once who made it is no member, by whatever credential", async () => {
      const it = await workspaceOf("owner", "admin", "member");
      const { secret } = await it.call(1, createApiKey, { name: "mine" });
      const key = await (await authenticatorOf(world.engines))(bearing(`Bearer ${String(secret)}`));
      const theirs = { memberId: it.memberId(2) };
      const links = [
        await it.call(1, createSignInLink, theirs),
        await invoke(createSignInLink, theirs, callerOf(key), world.engines),
      ].map(({ link }) => new URL(String(link)).pathname);
      for (const link of links) assert.equal((await world.newBrowser().open(link)).status, 200);
      await it.call(0, removeMember, { memberId: it.memberId(1) });
      for (const link of links) assert.equal((await world.newBrowser().open(link)).status, 404);
    });

    test("attack: an admin gets no link of an owner by way of an API key", async () => {
      const it = await workspaceOf("owner", "admin");
      const { secret } = await it.call(1, createApiKey, { name: "mine" });
      const principal = await (await authenticatorOf(world.engines))(bearing(`Bearer ${String(secret)}`));
      const attempts: readonly (readonly [Operation, object])[] = [
        [createSignInLink, { memberId: it.memberId(0) }],
        [updateMember, { memberId: it.memberId(1), role: "owner" }],
        [removeMember, { memberId: it.memberId(0) }],
        [inviteMember, { ...ada, role: "owner" }],
      ];
      for (const [operation, input] of attempts)
        await assert.rejects(invoke(operation, input, callerOf(principal), world.engines), {
          kind: "forbidden",
        });
    });

    test("an invitation makes a new person a member, once, and list_changes tells so", async () => {
      const it = await workspaceOf("owner");
      const { link } = await it.call(0, inviteMember, { email: `new-${on}@example.com`, role: "viewer" });
      const path = new URL(String(link)).pathname;
      assert.match((await world.newBrowser().open(path)).text, /invited to the workspace test .* as viewer/);
      const shown = await world.newBrowser().submit(path, { name: "New", password: examplePassword });
      assert.equal(shown.path, "/account");
      assert.match(shown.text, new RegExp(it.workspace));
      assert.equal((await world.newBrowser().open(path)).status, 404);
      assert.deepEqual(await rolesIn(it, 0), ["owner", "viewer"]);
      const { changes } = (await it.call(0, listChanges, {})) as { changes: { operation: string }[] };
      assert.deepEqual(
        changes.map(({ operation }) => operation),
        ["accept_invitation", "invite_member"],
      );
      const token = path.split("/").at(-1) ?? "";
      const stored = await world.engines.store.records.find(it.workspace, "invitation", { limit: 10 });
      assert.ok(!JSON.stringify([changes, stored]).includes(token));
    });

    test("an existing person signs in to accept, and nobody else can", async () => {
      const it = await workspaceOf("owner");
      const person = await world.newPerson(`Known${on}`);
      const email = person.value.email ?? "";
      const { link } = await it.call(0, inviteMember, { email });
      const path = new URL(String(link)).pathname;
      const other = world.newBrowser();
      const stranger = await world.newPerson(`Stranger${on}`);
      await other.submit("/sign-in", { email: stranger.value.email ?? "", password: examplePassword });
      assert.match((await other.open(path)).text, /you are signed in as/);
      assert.equal((await other.post(path, {})).status, 403);
      const browser = world.newBrowser();
      assert.match((await browser.open(path)).html, /href="\/sign-in\?next=%2Finvitations%2F/);
      const signedIn = await browser.submit(`/sign-in?next=${encodeURIComponent(path)}`, {
        email,
        password: examplePassword,
      });
      assert.equal(signedIn.path, path);
      assert.equal((await browser.submit(path, {})).path, "/account");
      assert.deepEqual(await rolesIn(it, 0), ["member", "owner"]);
      await assert.rejects(it.call(0, inviteMember, { email }), {
        kind: "conflict",
        detail: { pointer: "/email", hint: "update_member changes the role." },
      });
    });

    test("an invitation is over after 7 days, when it is revoked, and when another replaced it", async () => {
      const it = await workspaceOf("owner");
      const pathOf = async (email: string) =>
        new URL(String((await it.call(0, inviteMember, { email }))["link"])).pathname;
      const statusOf = async (path: string) => (await world.newBrowser().open(path)).status;
      const replaced = await pathOf(`a-${on}@example.com`);
      const path = await pathOf(`a-${on}@example.com`);
      assert.deepEqual([await statusOf(replaced), await statusOf(path)], [404, 200]);
      world.clock.advance(7 * 24 * 3_600_000);
      assert.equal(await statusOf(path), 404);
      const late = await world.newBrowser().post(path, { name: "L", password: examplePassword });
      assert.equal(late.status, 404);
    });

    test("a workspace that somebody makes is theirs alone", async () => {
      const it = await workspaceOf("viewer");
      world.clock.advance(1);
      const made = await it.call(0, createWorkspace, { name: "shop" });
      const id = String(made["id"]);
      const mine = { ...it.as(0), workspaces: new Map([...it.as(0).workspaces, [id, "all"] as const]) };
      assert.deepEqual(await invoke(listWorkspaces, {}, callerOf(mine), world.engines), {
        workspaces: [
          { id: it.workspace, name: "test", role: "viewer", version: 1 },
          { id, name: "shop", role: "owner", version: 1 },
        ],
        nextCursor: null,
      });
    });
  });
