import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "../../../../test/browser.ts";
import { connected } from "../../../../test/connected-client.ts";
import { examplePassword, openPeopleWorld, stores, type PeopleWorld } from "../../../../test/people-world.ts";

for (const on of stores)
  describe(`connected clients at the account, over ${on}`, () => {
    let world: PeopleWorld;
    before(async () => {
      world = await openPeopleWorld({ on });
    });
    after(() => world.close());

    test("connected clients are shown with who they say they are and what they may do, and disconnected", async () => {
      const lea = await world.newPerson("Lea");
      const workspace = await world.newWorkspace();
      await world.join(workspace, lea.id, "member");
      const browser = world.newBrowser();
      await signIn(browser, "lea@example.com", examplePassword);
      assert.match((await browser.open("/account")).text, /Connected clients None\./);
      const id = await connected(world, lea.id, workspace);
      const { text } = await browser.open("/account");
      assert.match(
        text,
        /Fake Agent agent\.example not verified In test, connected .* See endpoints.* Shown the tools of pipeline, webhooks/,
      );
      const ended = await browser.submit("/account", {}, "/account/connections/end");
      assert.match(ended.text, /disconnected.*Connected clients None\./);
      assert.equal(await world.engines.identity.grant(id), undefined);
      const [change] = await world.engines.store.audit.list(workspace, { limit: 1 });
      assert.partialDeepStrictEqual(change, {
        operation: "revoke_connected_client",
        actor: { kind: "user", id: lea.id },
        detail: { surface: "page" },
      });
    });

    test("whose tools a connected client is shown is changed, by its own person alone", async () => {
      const [max, ned] = [await world.newPerson("Max"), await world.newPerson("Ned")];
      const workspace = await world.newWorkspace();
      for (const { id } of [max, ned]) await world.join(workspace, id, "member");
      const [maxs, neds] = [world.newBrowser(), world.newBrowser()];
      await signIn(maxs, "max@example.com", examplePassword);
      await signIn(neds, "ned@example.com", examplePassword);
      const { identity, store } = world.engines;
      const id = await connected(world, max.id, workspace);
      await connected(world, ned.id, workspace);
      const action = "/account/connections/tools";
      const shownOf = async () => (await identity.grant(id))?.toolsets;
      const { html } = await maxs.open("/account");
      assert.match(html, /name="toolset\.webhooks" value="yes" +checked/);
      assert.match(html, /name="toolset\.traffic" value="yes" +\/>/);

      const changed = await maxs.submit(
        "/account",
        { "toolset.webhooks": "", "toolset.traffic": "yes" },
        action,
      );
      assert.match(changed.text, /are changed.*Shown the tools of pipeline, traffic/);
      assert.deepEqual(await shownOf(), ["pipeline", "traffic"]);
      const [change] = await store.audit.list(workspace, { limit: 1 });
      assert.partialDeepStrictEqual(change, {
        operation: "update_connected_client",
        actor: { kind: "user", id: max.id },
        detail: { surface: "page", input: { connectionId: id, toolsets: ["pipeline", "traffic"] } },
      });

      const none = { "toolset.pipeline": "", "toolset.traffic": "" };
      const nothing = await maxs.submit("/account", none, action);
      assert.equal(nothing.status, 400);
      assert.match(nothing.text, /Nothing is ticked/);
      const of = { connection: id, workspace, "toolset.account": "yes" };
      assert.equal((await neds.submit("/account", of, action)).status, 404);
      assert.equal((await maxs.post(action, { ...of, csrf: "" })).status, 403);
      const elsewhere = { ...of, workspace: await world.newWorkspace() };
      assert.equal((await maxs.submit("/account", elsewhere, action)).status, 404);
      assert.deepEqual(await shownOf(), ["pipeline", "traffic"]);
    });

    test("a client that was connected for REST alone is shown no tools, and there is nothing to change", async () => {
      const ola = await world.newPerson("Ola");
      const workspace = await world.newWorkspace();
      await world.join(workspace, ola.id, "member");
      const browser = world.newBrowser();
      await signIn(browser, "ola@example.com", examplePassword);
      await connected(world, ola.id, workspace, "/api/v1");
      const { html } = await browser.open("/account");
      assert.match(html, /Fake Agent/);
      assert.doesNotMatch(html, /connections\/tools/);
    });
  });

async function signIn(browser: Browser, email: string, password: string): Promise<void> {
  await browser.submit("/sign-in", { email, password });
}
