import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { examplePassword, openPeopleWorld, type PeopleWorld } from "../../../../test/people-world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { authenticatorOf, bearing, callerOf } from "../../../../test/world.ts";
import { liveMembers } from "./live-members.ts";
import { leaveWorkspace } from "../operations/leave-workspace.ts";
import { sessionPrincipal } from "./session-principal.ts";
import { sessions } from "./sessions.ts";

let world: PeopleWorld;
before(async () => {
  world = await openPeopleWorld();
});
after(() => world.close());

async function signedInAs(name: string) {
  const { id } = await world.newPerson(name);
  const browser = world.newBrowser();
  await browser.submit("/sign-in", { email: `${name}@example.com`, password: examplePassword });
  const cookie = `sluice_session=${browser.cookies.get("sluice_session") ?? ""}`;
  const signedIn = sessions(world.engines);
  const who = sessionPrincipal(signedIn, await liveMembers(world.engines));
  const session = await signedIn.of(cookie);
  assert.ok(session);
  return { id, cookie, session, who };
}

test("a session is its user, who may do in each workspace what the role allows", async () => {
  const { id, cookie, session, who } = await signedInAs("Ada");
  const [one, two] = [await world.newWorkspace(), await world.newWorkspace()];
  await world.join(one, id, "owner");
  await world.join(two, id, "viewer");
  const principal = await who({ cookie, csrf: undefined, method: "GET" });
  assert.ok(principal);
  assert.deepEqual(principal.actor, { kind: "user", id });
  assert.deepEqual(principal.credential, { kind: "session", id: session.id });
  assert.deepEqual(principal.toolsets, ["pipeline", "webhooks"]);
  assert.equal(principal.workspaces.get(one), "all");
  const held = principal.workspaces.get(two);
  assert.ok(held !== undefined && held !== "all" && held.has("members:read") && !held.has("members:write"));
});

test("attack: what may change something is refused without the session's token in the header", async () => {
  const { cookie, session, who } = await signedInAs("Bea");
  const other = await signedInAs("Cleo");
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "post", "PROPFIND"])
    for (const csrf of [undefined, "", other.session.csrf])
      await assert.rejects(who({ cookie, csrf, method }), { kind: "forbidden" }, `${method} ${csrf}`);
  for (const method of ["GET", "HEAD"]) assert.ok(await who({ cookie, csrf: undefined, method }));
  assert.ok(await who({ cookie, csrf: session.csrf, method: "POST" }));
});

test("who has no session is nobody, and is for others to judge", async () => {
  const { who } = await signedInAs("Dora");
  for (const cookie of [undefined, "", "sluice_session=usr_a.AAAA"])
    assert.equal(await who({ cookie, csrf: undefined, method: "POST" }), undefined);
});

test("who leaves a workspace may do nothing there with the next request", async () => {
  const { id, cookie, who } = await signedInAs("Eva");
  const workspace = await world.newWorkspace();
  await world.join(workspace, id, "member");
  const principal = await who({ cookie, csrf: undefined, method: "GET" });
  assert.ok(principal);
  await invoke(leaveWorkspace, {}, callerOf(principal), world.engines);
  assert.equal((await who({ cookie, csrf: undefined, method: "GET" }))?.workspaces.size, 0);
});

test("a browser calls as its user, and a credential beside the cookie counts alone", async () => {
  const { id, cookie, session } = await signedInAs("Fay");
  const authenticate = await authenticatorOf(world.engines);
  const sent = { ...bearing(""), cookie };
  assert.deepEqual((await authenticate(sent)).actor, { kind: "user", id });
  await assert.rejects(authenticate({ ...sent, method: "POST" }), { kind: "forbidden" });
  assert.ok(await authenticate({ ...sent, method: "POST", csrf: session.csrf }));
  await assert.rejects(authenticate({ ...bearing("Bearer mk_wrong"), cookie }), { kind: "unauthenticated" });
});
