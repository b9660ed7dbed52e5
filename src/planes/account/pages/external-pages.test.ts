import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { browser, type Browser, type Shown } from "../../../../test/browser.ts";
import { examplePassword, openPeopleWorld, stores, type PeopleWorld } from "../../../../test/people-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import {
  startProvider,
  type TrialPerson,
  type TrialProvider,
} from "../../../engines/federation/conformance/provider.ts";
import { openidFederation } from "../../../engines/federation/openid.ts";
import { Secret } from "../../../kernel/secret.ts";
import { invoke } from "../../../registry/invoke.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { callbackPath } from "../people/external-journey.ts";
import { inviteMember } from "../operations/invite-member.ts";

type Fixture = { readonly world: PeopleWorld; readonly provider: TrialProvider };

async function open(on: (typeof stores)[number]): Promise<Fixture> {
  let url = "";
  const provider = await startProvider(() => `${url}${callbackPath}`);
  const world = await openPeopleWorld({
    on,
    provider: (needs) =>
      openidFederation({
        ...needs,
        issuer: provider.issuer,
        clientId: provider.client.id,
        clientSecret: new Secret(provider.client.secret),
      }),
  });
  ({ url } = world);
  return { world, provider };
}

const verified = (sub: string, email: string): TrialPerson => ({
  sub,
  email,
  email_verified: true,
  name: sub,
});

for (const on of stores)
  describe(`signing in by an OpenID provider over ${on}`, () => {
    let world: PeopleWorld;
    let provider: TrialProvider;
    before(async () => {
      ({ world, provider } = await open(on));
    });
    // What is counted a minute begins anew with each test.
    beforeEach(() => world.clock.advance(60_000));
    after(async () => {
      await world.close();
      await provider.stop();
    });

    /** Presses the button, signs in there, and answers where the browser is sent back to, here. */
    async function away(it: Browser, person: TrialPerson, from = "/sign-in"): Promise<string> {
      provider.signsIn(person);
      const { elsewhere } = await it.submit(from, {}, "/sign-in/external");
      return pathOf((await browser(provider.issuer).open(pathOf(elsewhere))).elsewhere);
    }

    async function signIn(it: Browser, person: TrialPerson, from?: string): Promise<Shown> {
      return it.open(await away(it, person, from));
    }

    async function operationsOf(user: string): Promise<readonly string[]> {
      const audit = await world.engines.store.audit.list(serverScope, {
        limit: 50,
        where: { subject: user },
      });
      return audit.map(({ operation }) => operation);
    }

    async function invite(workspace: string, email: string): Promise<string> {
      const caller = callerOf(principalOf(workspace, "all"));
      const { link } = await invoke(inviteMember, { email }, caller, world.engines);
      return new URL(String(link)).pathname;
    }

    test("an existing user is found by the verified email, once, and by who they are from then on", async () => {
      const ada = await world.newPerson("Ada");
      const it = world.newBrowser();
      const first = await signIn(it, verified("ada-1", "ADA@example.com"));
      assert.equal(first.path, "/account", first.text);
      assert.match(first.text, /Signed in by OpenID provider/);
      const other = world.newBrowser();
      assert.equal((await signIn(other, verified("ada-1", "ada.wed@example.com"))).path, "/account");
      assert.match((await other.open("/account")).text, /Ada ada@example\.com/);
      assert.deepEqual(await operationsOf(ada.id), ["sign_in", "sign_in", "link_external", "create_user"]);
    });

    test("whoever knew the password is out: it is gone, its sessions end, and links made before are over", async () => {
      const { id } = await world.newPerson("Bea");
      const squatter = world.newBrowser();
      await squatter.submit("/sign-in", { email: "bea@example.com", password: examplePassword });
      const link = await world.newLink(id);
      assert.equal((await signIn(world.newBrowser(), verified("bea-1", "bea@example.com"))).path, "/account");
      assert.equal((await squatter.open("/account")).path, "/sign-in");
      const again = await squatter.submit("/sign-in", {
        email: "bea@example.com",
        password: examplePassword,
      });
      assert.equal(again.status, 401);
      assert.equal((await world.newBrowser().open(link)).status, 404);
      assert.match(
        (await signIn(world.newBrowser(), verified("bea-1", "bea@example.com"))).text,
        /replaced the password/,
      );
    });

    test("somebody invited becomes a user and a member, without a password, and goes by the invitation's page too", async () => {
      const workspace = await world.newWorkspace();
      const invitation = await invite(workspace, "cleo@example.com");
      const shown = await signIn(world.newBrowser(), verified("cleo-1", "cleo@example.com"), invitation);
      assert.equal(shown.path, "/account", shown.text);
      assert.ok(shown.text.includes(workspace) && shown.text.includes("member"));
      assert.equal((await world.newBrowser().open(invitation)).status, 404, "it was accepted");
      await invite(workspace, "dora@example.com");
      const direct = await signIn(world.newBrowser(), verified("dora-1", "dora@example.com"));
      assert.ok(direct.text.includes(workspace));
      const stored = await world.engines.store.records.byGlobalKey("user", "email", "dora@example.com");
      assert.deepEqual(stored?.secrets, {});
    });

    test("an invitation that is too old lets nobody in", async () => {
      await invite(await world.newWorkspace(), "late@example.com");
      world.clock.advance(7 * 24 * 3_600_000);
      assert.equal((await signIn(world.newBrowser(), verified("late-1", "late@example.com"))).status, 403);
    });

    test("anybody else is told that they need an invitation, and nothing is kept of them", async () => {
      const it = world.newBrowser();
      const shown = await signIn(it, verified("mallory", "mallory@example.com"));
      assert.equal(shown.status, 403);
      assert.match(shown.text, /mallory@example\.com.*not invited.*Ask an owner or admin/);
      assert.equal((await it.open("/account")).path, "/sign-in");
      assert.equal(
        await world.engines.store.records.byGlobalKey("user", "email", "mallory@example.com"),
        undefined,
      );
    });

    test("attack: an email that is not verified is nobody's", async () => {
      await world.newPerson("Eva");
      for (const person of [
        { sub: "eva-0", email: "eva@example.com", email_verified: false },
        { sub: "eva-0", email: "eva@example.com" },
        { sub: "eva-0" },
        { sub: "eva-0", email: "no email", email_verified: true },
      ]) {
        const shown = await signIn(world.newBrowser(), person);
        assert.equal(shown.status, 403);
        assert.match(shown.text, /does not say that your email is verified/);
      }
    });

    test("attack: linking twice: an email that was given to somebody else there does not open the account", async () => {
      const { id } = await world.newPerson("Fay");
      await signIn(world.newBrowser(), verified("fay-1", "fay@example.com"));
      const shown = await signIn(world.newBrowser(), verified("fay-2", "fay@example.com"));
      assert.equal(shown.status, 409);
      assert.match(shown.text, /belongs to somebody else at the OpenID provider/);
      assert.equal((await operationsOf(id)).filter((it) => it === "link_external").length, 1);
    });

    test("of two who come back at the same moment with one email one user is made", async () => {
      const workspace = await world.newWorkspace();
      await invite(workspace, "gus@example.com");
      const browsers = [world.newBrowser(), world.newBrowser()];
      const backs: string[] = [];
      for (const it of browsers) backs.push(await away(it, verified("gus-1", "gus@example.com")));
      const ends = await Promise.all(browsers.map((it, n) => it.open(backs[n] ?? "")));
      assert.ok(ends.some(({ path }) => path === "/account"));
      for (const { status } of ends) assert.ok(status === 200 || status === 409, String(status));
      assert.equal((await world.engines.store.records.find(workspace, "member", { limit: 10 })).length, 1);
    });

    test("attack: another state, another browser, or another provider's answer is refused", async () => {
      await world.newPerson("Hal");
      const it = world.newBrowser();
      const back = await away(it, verified("hal-1", "hal@example.com"));
      const refused = async (by: Browser, path: string): Promise<void> => {
        const shown = await by.open(path);
        assert.equal(shown.status, 401);
        assert.equal((await by.open("/account")).path, "/sign-in");
      };
      await refused(it, back.replace(/state=[^&]*/, "state=another"));
      await refused(it, "/sign-in/external/callback");
      await refused(world.newBrowser(), back);
      const stranger = world.newBrowser();
      await away(stranger, verified("mallory", "mallory@example.com"));
      await refused(stranger, back);
      await refused(it, back.replace(/iss=[^&]*/, "iss=https%3A%2F%2Fevil.example"));
    });

    test("attack: an answer is good once, even with the cookie kept, and for a quarter of an hour", async () => {
      await world.newPerson("Ivy");
      const it = world.newBrowser();
      const back = await away(it, verified("ivy-1", "ivy@example.com"));
      const kept = it.cookies.get("sluice_external") ?? "";
      assert.equal((await it.open(back)).path, "/account");
      assert.equal(it.cookies.has("sluice_external"), false);
      const other = world.newBrowser();
      other.cookies.set("sluice_external", kept);
      const replayed = await other.open(back);
      assert.equal(replayed.status, 401);
      assert.match(replayed.text, /begun in another browser, took too long, or is over/);
      const late = await away(other, verified("ivy-1", "ivy@example.com"));
      world.clock.advance(15 * 60_000);
      assert.equal((await other.open(late)).status, 401);
    });

    test("attack: a changed cookie, or another's text, is nobody's journey", async () => {
      const it = world.newBrowser();
      const back = await away(it, verified("ivy-1", "ivy@example.com"));
      const kept = it.cookies.get("sluice_external") ?? "";
      for (const cookie of ["", "x", `${kept.slice(0, -4)}AAAA`]) {
        it.cookies.set("sluice_external", cookie);
        assert.equal((await it.open(back)).status, 401);
      }
    });

    test("attack: another site cannot send a browser on its way", async () => {
      const it = world.newBrowser();
      await it.open("/sign-in");
      assert.equal((await it.post("/sign-in/external", { csrf: "", next: "/account" })).status, 403);
      assert.equal((await it.open("/sign-in/external")).path, "/sign-in", "and reading it begins nothing");
      assert.equal(it.cookies.has("sluice_external"), false);
    });

    test("what somebody wanted to see is where they get, on this server alone", async () => {
      await world.newPerson("Jo");
      const wanted = "/oauth/device?a=1";
      const it = world.newBrowser();
      const jo = verified("jo-1", "jo@example.com");
      const shown = await signIn(it, jo, `/sign-in?next=${encodeURIComponent(wanted)}`);
      assert.equal(shown.path, wanted);
      const elsewhere = `/sign-in?next=${encodeURIComponent("//evil.example")}`;
      assert.equal((await signIn(world.newBrowser(), jo, elsewhere)).path, "/account");
    });

    test("a provider that is down is said to be, and passwords and links go on", async () => {
      const { id } = await world.newPerson("Kim");
      // What it said an hour ago is used; what was never heard cannot be.
      const fresh = await open(on);
      try {
        await fresh.provider.stop();
        const shown = await fresh.world.newBrowser().submit("/sign-in", {}, "/sign-in/external");
        assert.equal(shown.status, 503);
        assert.match(shown.text, /provider cannot be reached.*password or a one-time link.*Password/);
      } finally {
        await fresh.world.close();
      }
      const it = world.newBrowser();
      const back = await away(it, verified("kim-1", "kim@example.com"));
      await provider.stop();
      const shown = await it.open(back);
      assert.equal(shown.status, 503);
      const submitted = await it.submit("/sign-in", { email: "kim@example.com", password: examplePassword });
      assert.equal(submitted.path, "/account");
      const linked = await world.newBrowser().submit(await world.newLink(id), { name: "Kim" });
      assert.equal(linked.path, "/account");
      await provider.restart();
    });

    test("attack: who asks without end is limited before the provider is asked", async () => {
      const it = world.newBrowser();
      const statuses = [];
      for (let n = 0; n < 130; n++)
        statuses.push((await it.open("/sign-in/external/callback?state=x")).status);
      const limited = await it.submit("/sign-in", {}, "/sign-in/external");
      assert.equal(limited.status, 429);
      assert.ok(statuses.includes(401) && statuses.at(-1) === 429);
      assert.ok(Number(limited.headers.get("retry-after")) > 0);
      world.clock.advance(60_000);
      assert.notEqual((await it.submit("/sign-in", {}, "/sign-in/external")).elsewhere, null);
    });

    test("neither codes nor tokens nor cookies are in the database or the log", async () => {
      await world.newPerson("Lea");
      const it = world.newBrowser();
      const back = await away(it, verified("lea-1", "lea@example.com"));
      const kept = it.cookies.get("sluice_external") ?? "";
      await it.open(back);
      const parameters = new URLSearchParams(back.split("?")[1]);
      const told = `${world.dump()}${world.log.join()}`;
      for (const secret of [kept, parameters.get("code"), parameters.get("state"), provider.client.secret])
        assert.ok(secret !== null && secret !== "" && !told.includes(secret));
    });
  });

function pathOf(address: string | null): string {
  assert.ok(address !== null, "it leads nowhere else");
  const { pathname, search } = new URL(address);
  return pathname + search;
}
