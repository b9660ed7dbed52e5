import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openPeopleWorld, stores, type PeopleWorld } from "../../../../test/people-world.ts";
import { storeCredentials } from "../../../../test/stored-credentials.ts";
import { authenticatorOf, bearing, callerOf } from "../../../../test/world.ts";
import type { Principal } from "../../../kernel/principal.ts";
import type { Credentials } from "../../../registry/credentials.ts";
import type { Engines } from "../../../registry/engines.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { createApiKey } from "../operations/create-api-key.ts";
import { createManagementToken } from "../operations/create-management-token.ts";
import { createMcpToken } from "../operations/create-mcp-token.ts";
import { createSignInLink } from "../operations/create-sign-in-link.ts";
import { inviteMember } from "../operations/invite-member.ts";
import { leaveWorkspace } from "../operations/leave-workspace.ts";
import { listCredentials } from "../operations/list-credentials.ts";
import { removeMember } from "../operations/remove-member.ts";
import { revokeCredential } from "../operations/revoke-credential.ts";
import { updateMember } from "../operations/update-member.ts";

const making = {
  name: "made",
  scopes: ["credentials:read", "credentials:write", "members:write"],
  expiresInDays: null,
};
const seeing = { name: "made", environment: "production" };
const readable = {
  scopes: ["traffic:read", "markers:write", "environments:read", "workspace:read", ...making.scopes],
};

for (const on of stores)
  describe(`what ends with a membership, or with a higher role, over ${on}`, () => {
    let world: PeopleWorld;
    before(async () => {
      world = await openPeopleWorld({ on });
    });
    after(() => world.close());

    /** A workspace of an owner and somebody who will go. */
    async function workspace() {
      const id = await world.newWorkspace();
      const joined = async (name: string, role: "owner" | "admin") => {
        const user = await world.newPerson(`${name}${Math.random().toString(36).slice(2)}`, {
          password: null,
        });
        const memberId = await world.join(id, user.id, role);
        const principal: Principal = {
          workspaces: new Map([[id, "all"]]),
          actor: { kind: "user", id: user.id },
          credential: { kind: "session", id: "ses_test" },
          confines: {},
          toolsets: [],
        };
        return { user: user.id, memberId, principal };
      };
      return { id, stays: await joined("stays", "owner"), goes: await joined("goes", "admin") };
    }

    const call = (
      by: Principal,
      it: Operation,
      input: object = {},
      engines: Engines = world.engines,
    ): Promise<Output> => invoke(it, input, callerOf(by), engines);

    /** Who a credential is, as the server answers whoever sends it. */
    async function holder({ secret }: Output): Promise<Principal> {
      const text = String(secret);
      const sent: Credentials = text.startsWith("mgt_")
        ? { ...bearing(""), authorization: undefined, managementToken: text }
        : bearing(`Bearer ${text}`);
      return (await authenticatorOf(world.engines))(sent);
    }

    const refused = async (made: Output): Promise<void> =>
      assert.rejects(holder(made), { kind: "unauthenticated", message: /was revoked/ });

    /** A world in which something else happens just before the first commit of a call. */
    function beforeCommit(other: () => Promise<unknown>): Engines {
      let isFirst = true;
      const { store } = world.engines;
      return {
        ...world.engines,
        store: {
          ...store,
          async commit(commit) {
            if (isFirst) {
              isFirst = false;
              await other();
            }
            return store.commit(commit);
          },
        },
      };
    }

    for (const [name, end] of [
      ["is removed", ({ stays, goes }) => call(stays.principal, removeMember, { memberId: goes.memberId })],
      ["leaves", ({ goes }) => call(goes.principal, leaveWorkspace)],
    ] as const satisfies readonly (readonly [
      string,
      (it: Awaited<ReturnType<typeof workspace>>) => Promise<Output>,
    ])[])
      test(`of a member who ${name}, everything made by means of their credentials is revoked, and nothing of others`, async () => {
        const it = await workspace();
        const key = await call(it.goes.principal, createApiKey, { name: "theirs" });
        const made = [key];
        let maker = await holder(key);
        for (let generation = 0; generation < 6; generation++) {
          const token = await call(maker, createManagementToken, { ...making, ...readable });
          made.push(token, await call(maker, createMcpToken, seeing));
          maker = await holder(token);
        }
        made.push(await call(await holder(key), createApiKey, { name: "a key of a key" }));
        const others = await call(it.stays.principal, createApiKey, { name: "another's" });
        const kept = [others, await call(await holder(others), createManagementToken, making)];
        const ended = await end(it);
        assert.equal(ended["credentialsRevoked"], made.length);
        for (const one of made) await refused(one);
        for (const one of kept) assert.ok(await holder(one));
      });

    test("a token revoked by hand leaves what it made at work, which goes with the member all the same", async () => {
      const { stays, goes } = await workspace();
      const first = await call(goes.principal, createManagementToken, making);
      const second = await call(await holder(first), createManagementToken, making);
      await call(stays.principal, revokeCredential, { credentialId: first["id"] });
      const third = await call(await holder(second), createManagementToken, making);
      await refused(first);
      const { credentials } = await call(stays.principal, listCredentials);
      assert.partialDeepStrictEqual(
        credentials,
        [third, second, first].map(() => ({ owner: goes.user })),
      );
      await call(stays.principal, removeMember, { memberId: goes.memberId });
      for (const one of [second, third]) await refused(one);
    });

    test("however many there are", async () => {
      const { id, stays, goes } = await workspace();
      const first = await call(goes.principal, createManagementToken, making);
      const { owner } = await call(await holder(first), createManagementToken, making);
      await storeCredentials(world.engines, id, {
        count: 1_100,
        value: { kind: "mcp-token", owner: String(owner) },
      });
      const removed = await call(stays.principal, removeMember, { memberId: goes.memberId });
      assert.equal(removed["credentialsRevoked"], 1_102);
    });

    test("invitations made by means of their credentials are revoked with them, and no others", async () => {
      const { stays, goes } = await workspace();
      const token = await call(goes.principal, createManagementToken, making);
      const descended = await holder(await call(await holder(token), createManagementToken, making));
      const theirs = await call(descended, inviteMember, { email: `theirs-${on}@example.com` });
      const others = await call(stays.principal, inviteMember, { email: `others-${on}@example.com` });
      await call(stays.principal, removeMember, { memberId: goes.memberId });
      const statusOf = async ({ link }: Output) =>
        (await world.newBrowser().open(new URL(String(link)).pathname)).status;
      assert.deepEqual([await statusOf(theirs), await statusOf(others)], [404, 200]);
    });

    for (const [name, of, input] of [
      ["an API key", createApiKey, { name: "quick" }],
      ["an MCP token", createMcpToken, seeing],
      ["a management token", createManagementToken, making],
    ] as const)
      test(`${name} that is made while its maker is being removed is revoked too`, async () => {
        for (const by of ["the member", "a key"]) {
          const { stays, goes } = await workspace();
          const key = await call(goes.principal, createApiKey, { name: "theirs" });
          const maker = by === "a key" ? await holder(key) : goes.principal;
          let made: Output = {};
          const meanwhile = beforeCommit(async () => {
            made = await call(maker, of, input);
          });
          const { memberId } = goes;
          const removed = await call(stays.principal, removeMember, { memberId }, meanwhile);
          assert.equal(removed["credentialsRevoked"], 2);
          await refused(made);
        }
      });

    test("an invitation that is made while its maker is being removed is revoked too", async () => {
      const { stays, goes } = await workspace();
      let made: Output = {};
      const meanwhile = beforeCommit(async () => {
        made = await call(goes.principal, inviteMember, { email: `quick-${on}@example.com` });
      });
      await call(stays.principal, removeMember, { memberId: goes.memberId }, meanwhile);
      const { link } = made;
      assert.equal((await world.newBrowser().open(new URL(String(link)).pathname)).status, 404);
    });

    for (const [name, of, input] of [
      ["a token", createManagementToken, making],
      ["an invitation", inviteMember, { email: "late@example.com" }],
    ] as const)
      test(`${name} that is under way when its maker is removed is not made`, async () => {
        for (const by of ["the member", "a token"]) {
          const { stays, goes } = await workspace();
          const token = await call(goes.principal, createManagementToken, making);
          const maker = by === "a token" ? await holder(token) : goes.principal;
          const meanwhile = beforeCommit(() =>
            call(stays.principal, removeMember, { memberId: goes.memberId }),
          );
          await assert.rejects(call(maker, of, input, meanwhile), { kind: "forbidden" });
        }
      });

    test("a lower role takes back what may do more: credentials, what those made, and invitations", async () => {
      const { stays, goes } = await workspace();
      const key = await call(goes.principal, createApiKey, { name: "theirs" });
      const descended = await call(await holder(key), createManagementToken, making);
      const harmless = { ...making, scopes: ["traffic:read"] };
      const reading = await call(await holder(key), createManagementToken, harmless);
      const others = await call(stays.principal, createApiKey, { name: "another's" });
      const invited = await call(goes.principal, inviteMember, { email: `lower-${on}@example.com` });
      const { memberId } = goes;
      const lowered = await call(stays.principal, updateMember, { memberId, role: "viewer" });
      assert.partialDeepStrictEqual(lowered, { role: "viewer", credentialsRevoked: 2 });
      for (const one of [key, descended]) await refused(one);
      for (const one of [reading, others]) assert.ok(await holder(one));
      assert.equal((await world.newBrowser().open(new URL(String(invited["link"])).pathname)).status, 404);
    });

    test("an owner who becomes an admin keeps what admins may make, and no invitation of an owner", async () => {
      const { stays, goes } = await workspace();
      const { memberId } = goes;
      await call(stays.principal, updateMember, { memberId, role: "owner" });
      const key = await call(goes.principal, createApiKey, { name: "theirs" });
      const invite = (role: string) =>
        call(goes.principal, inviteMember, { email: `${role}-${on}@example.com`, role });
      const [owner, admin] = [await invite("owner"), await invite("admin")];
      const lowered = await call(stays.principal, updateMember, { memberId, role: "admin" });
      assert.partialDeepStrictEqual(lowered, { credentialsRevoked: 0 });
      assert.ok(await holder(key));
      const statusOf = async ({ link }: Output) =>
        (await world.newBrowser().open(new URL(String(link)).pathname)).status;
      assert.deepEqual([await statusOf(owner), await statusOf(admin)], [404, 200]);
    });

    test("a key that is made while its maker's role is lowered is revoked too", async () => {
      const { stays, goes } = await workspace();
      let made: Output = {};
      const meanwhile = beforeCommit(async () => {
        made = await call(goes.principal, createApiKey, { name: "quick" });
      });
      const { memberId } = goes;
      const lowered = await call(stays.principal, updateMember, { memberId, role: "member" }, meanwhile);
      assert.equal(lowered["credentialsRevoked"], 1);
      await refused(made);
    });

    for (const [name, of, input] of [
      ["a key", createApiKey, { name: "late" }],
      ["a token", createManagementToken, making],
      ["an invitation", inviteMember, { email: "late@example.com" }],
    ] as const)
      test(`${name} that is under way when its maker's role is lowered is not made`, async () => {
        for (const by of ["the member", "a token"]) {
          const { stays, goes } = await workspace();
          const key = await call(goes.principal, createApiKey, { name: "theirs" });
          const maker = by === "a token" ? await holder(key) : goes.principal;
          const meanwhile = beforeCommit(() =>
            call(stays.principal, updateMember, { memberId: goes.memberId, role: "member" }),
          );
          await assert.rejects(call(maker, of, input, meanwhile), { kind: "forbidden" });
        }
      });

    test("a sign-in link is over once its maker has a lower role", async () => {
      const { id, stays, goes } = await workspace();
      const eve = await world.newPerson(`eve${Math.random().toString(36).slice(2)}`, { password: null });
      const viewer = await world.join(id, eve.id, "viewer");
      const { link } = await call(goes.principal, createSignInLink, { memberId: viewer });
      const status = async () => (await world.newBrowser().open(new URL(String(link)).pathname)).status;
      assert.equal(await status(), 200);
      await call(stays.principal, updateMember, { memberId: goes.memberId, role: "owner" });
      assert.equal(await status(), 200);
      await call(stays.principal, updateMember, { memberId: goes.memberId, role: "member" });
      assert.equal(await status(), 404);
    });

    test("a token that is under way when its maker gets another role is made", async () => {
      const { stays, goes } = await workspace();
      const meanwhile = beforeCommit(() =>
        call(stays.principal, updateMember, { memberId: goes.memberId, role: "owner" }),
      );
      assert.ok(await holder(await call(goes.principal, createManagementToken, making, meanwhile)));
    });
  });
