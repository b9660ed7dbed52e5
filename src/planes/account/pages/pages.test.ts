import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { examplePassword, openPeopleWorld, stores, type PeopleWorld } from "../../../../test/people-world.ts";
import type { Browser, Shown } from "../../../../test/browser.ts";
import { connected } from "../../../../test/connected-client.ts";
import { authenticatorOf, bearing } from "../../../../test/world.ts";
import { attempts } from "../people/attempts.ts";
import { serverScope } from "../../../registry/workspace.ts";

const otherPassword = "EXAMPLE mauve kettle";

for (const on of stores)
  describe(`pages over ${on}`, () => {
    let world: PeopleWorld;
    before(async () => {
      world = await openPeopleWorld({ on });
    });
    after(() => world.close());

    test("somebody signs in, sees where they belong, and signs out", async () => {
      const ada = await world.newPerson("Ada");
      const workspace = await world.newWorkspace();
      await world.join(workspace, ada.id, "admin");
      const browser = world.newBrowser();
      const shown = await browser.submit("/sign-in", {
        email: " ADA@example.com ",
        password: examplePassword,
      });
      assert.equal(shown.path, "/account");
      for (const text of ["Ada", "ada@example.com", workspace, "admin", "an example browser", "this one"])
        assert.ok(shown.text.includes(text), text);
      assert.equal(
        (await browser.open("/sign-in")).path,
        "/account",
        "who is signed in need not do so again",
      );
      const left = await browser.submit("/account", {}, "/account/sign-out");
      assert.equal(left.path, "/sign-in");
      assert.equal((await browser.open("/account")).path, "/sign-in");
    });

    test("a new person follows a one-time link, says who they are, and signs in by themselves from then on", async () => {
      const { id } = await world.newPerson("Bea", { password: null });
      const link = await world.newLink(id);
      const shown = await world.newBrowser().submit(link, { name: "Bea Example", password: otherPassword });
      assert.equal(shown.path, "/account");
      assert.match(shown.text, /Bea Example bea@example.com/);
      const signedIn = await signIn(world.newBrowser(), "bea@example.com", otherPassword);
      assert.equal(signedIn.path, "/account");
    });

    test("looking at a link does not use it; sending its form does, once", async () => {
      const { id } = await world.newPerson("Cleo");
      const link = await world.newLink(id);
      for (let looks = 0; looks < 3; looks++)
        assert.match((await world.newBrowser().open(link)).text, /Sign in as Cleo/);
      const [one, two] = [world.newBrowser(), world.newBrowser()];
      const tries = await Promise.all([one, two].map((it) => it.submit(link, { name: "Cleo" })));
      assert.deepEqual(
        tries.map(({ status }) => status).toSorted((a, b) => a - b),
        [200, 404],
      );
      const late = await world.newBrowser().open(link);
      assert.equal(late.status, 404);
      assert.match(late.text, /This link is over/);
    });

    test("a link without a new password leaves the old one, a new one ends every session", async () => {
      const { id } = await world.newPerson("Dora");
      const laptop = world.newBrowser();
      await signIn(laptop, "dora@example.com", examplePassword);
      await world.newBrowser().submit(await world.newLink(id), { name: "Dora" });
      assert.equal((await laptop.open("/account")).path, "/account");
      await world.newBrowser().submit(await world.newLink(id), { name: "Dora", password: otherPassword });
      assert.equal((await laptop.open("/account")).path, "/sign-in");
      assert.equal((await signIn(laptop, "dora@example.com", examplePassword)).status, 401);
      assert.equal((await signIn(laptop, "dora@example.com", otherPassword)).status, 200);
    });

    test("a link is over after 24 hours, and as soon as the password was changed", async () => {
      const { id } = await world.newPerson("Eva");
      const [old, older] = [await world.newLink(id), await world.newLink(id)];
      await world.newBrowser().submit(old, { name: "Eva", password: otherPassword });
      assert.equal((await world.newBrowser().open(older)).status, 404);
      const link = await world.newLink(id);
      world.clock.advance(24 * 3_600_000);
      assert.equal((await world.newBrowser().open(link)).status, 404);
    });

    test("the password is changed by who knows it, and other sessions end", async () => {
      await world.newPerson("Fay");
      const [here, there] = [world.newBrowser(), world.newBrowser()];
      for (const it of [here, there]) await signIn(it, "fay@example.com", examplePassword);
      const change = (current: string, password: string): Promise<Shown> =>
        here.submit("/account", { current, password }, "/account/password");
      assert.match((await change("EXAMPLE wrong", otherPassword)).text, /not your password/);
      assert.match((await change(examplePassword, "short")).text, /at least 12/);
      assert.match((await change(examplePassword, "password1234")).text, /tried first/);
      assert.equal((await there.open("/account")).path, "/account", "nothing was changed so far");
      assert.match((await change(examplePassword, otherPassword)).text, /Your password is changed/);
      assert.equal((await there.open("/account")).path, "/sign-in");
      assert.equal((await here.open("/account")).path, "/account");
      assert.equal((await signIn(there, "fay@example.com", examplePassword)).status, 401);
      assert.equal((await signIn(there, "fay@example.com", otherPassword)).status, 200);
    });

    test("sessions are listed and ended, one or all others", async () => {
      await world.newPerson("Gus");
      const browsers = [world.newBrowser(), world.newBrowser(), world.newBrowser()] as const;
      for (const it of browsers) await signIn(it, "gus@example.com", examplePassword);
      const [here, second, third] = browsers;
      const { html } = await here.open("/account");
      assert.equal(html.match(/name="session"/g)?.length, 2);
      await here.submit("/account", {}, "/account/sessions/end");
      const living = await Promise.all([second, third].map(async (it) => (await it.open("/account")).path));
      assert.deepEqual(living.toSorted(), ["/account", "/sign-in"]);
      await here.submit("/account", {}, "/account/sessions/end-others");
      for (const it of [second, third]) assert.equal((await it.open("/account")).path, "/sign-in");
      assert.equal((await here.open("/account")).path, "/account");
    });

    test("a personal key is made, shown once, works as its owner, and is revoked", async () => {
      const ivy = await world.newPerson("Ivy");
      const workspace = await world.newWorkspace();
      await world.join(workspace, ivy.id, "viewer");
      const browser = world.newBrowser();
      await signIn(browser, "ivy@example.com", examplePassword);
      const make = (name: string, expires: string): Promise<Shown> =>
        browser.submit("/account", { name, expires }, "/account/keys");
      const made = await make("backups <at night>", "30");
      const secret = /key_[0-9A-Za-z]{22}:[0-9A-Za-z]{49}/.exec(made.text)?.[0] ?? "";
      assert.match(made.text, /not shown again.*backups <at night>/);
      const { text, html } = await browser.open("/account");
      assert.match(text, /backups <at night>.*good until 20\d\d-.*last used never/);
      assert.ok(!html.includes(secret));
      const authenticate = await authenticatorOf(world.engines);
      const { actor } = await authenticate(bearing(`Bearer ${secret}`));
      assert.deepEqual(actor, { kind: "user", id: ivy.id });
      assert.equal((await make("", "30")).status, 400);
      assert.equal((await make("for good", "")).status, 200);
      assert.equal((await make("for a day", "1")).status, 400);
      const key = secret.split(":")[0] ?? "";
      assert.equal((await browser.post("/account/keys/revoke", { csrf: "", key })).status, 403);
      assert.match((await browser.submit("/account", { key }, "/account/keys/revoke")).text, /is revoked/);
      await assert.rejects(authenticate(bearing(`Bearer ${secret}`)), { kind: "unauthenticated" });
      assert.doesNotMatch((await browser.open("/account")).text, /backups/);
    });

    test("a personal key is made with the tools that are ticked, and with the usual ones where nothing is", async () => {
      const uma = await world.newPerson("Uma");
      const workspace = await world.newWorkspace();
      await world.join(workspace, uma.id, "viewer");
      const browser = world.newBrowser();
      await signIn(browser, "uma@example.com", examplePassword);
      const authenticate = await authenticatorOf(world.engines);
      const viewOf = async (fields: Readonly<Record<string, string>>): Promise<readonly string[]> => {
        const made = await browser.submit(
          "/account",
          { name: "x", expires: "30", ...fields },
          "/account/keys",
        );
        const secret = /key_[0-9A-Za-z]{22}:[0-9A-Za-z]{49}/.exec(made.text)?.[0] ?? "";
        return (await authenticate(bearing(`Bearer ${secret}`))).toolsets;
      };
      assert.deepEqual(await viewOf({}), ["webhooks", "pipeline"]);
      assert.deepEqual(await viewOf({ "toolset.traffic": "yes", "toolset.webhooks": "" }), [
        "pipeline",
        "traffic",
      ]);
      const none = { "toolset.webhooks": "", "toolset.pipeline": "" };
      assert.deepEqual(await viewOf(none), ["pipeline", "webhooks"]);
    });

    test("nobody revokes the keys or ends the connections of others", async () => {
      const jo = await world.newPerson("Jo");
      const kim = await world.newPerson("Kim");
      const workspace = await world.newWorkspace();
      await world.join(workspace, jo.id, "member");
      await world.join(workspace, kim.id, "member");
      const [jos, kims] = [world.newBrowser(), world.newBrowser()];
      await signIn(jos, "jo@example.com", examplePassword);
      await signIn(kims, "kim@example.com", examplePassword);
      const made = await jos.submit("/account", { name: "mine", expires: "" }, "/account/keys");
      const key = /(key_[0-9A-Za-z]{22}):/.exec(made.text)?.[1] ?? "";
      const connection = await connected(world, jo.id, workspace);
      await kims.submit("/account", { name: "mine", expires: "" }, "/account/keys");
      await connected(world, kim.id, workspace);
      assert.equal((await kims.submit("/account", { key }, "/account/keys/revoke")).status, 404);
      const end = { connection, workspace };
      assert.equal((await kims.submit("/account", end, "/account/connections/end")).status, 404);
      const { text } = await jos.open("/account");
      assert.match(text, /Fake Agent.*mine/);
    });

    test("what happened to an account is told to its owner and audited, without secrets", async () => {
      const { id } = await world.newPerson("Hal");
      const browser = world.newBrowser();
      await signIn(browser, "hal@example.com", "EXAMPLE guessed wrong");
      await signIn(browser, "hal@example.com", examplePassword);
      const { text } = await browser.open("/account");
      assert.match(text, /Signed in by password from 127\.0\.0\.1/);
      assert.match(text, /An attempt to sign in failed, from 127\.0\.0\.1/);
      const audit = await world.engines.store.audit.list(serverScope, { limit: 50, where: { subject: id } });
      assert.deepEqual(
        audit.map(({ operation }) => operation),
        ["sign_in", "sign_in_failed", "create_user"],
      );
      const told = JSON.stringify(audit);
      for (const secret of [examplePassword, "guessed", ...browser.cookies.values()])
        assert.ok(!told.includes(secret) && !world.log.join().includes(secret));
    });
  });

describe("pages under attack", () => {
  let world: PeopleWorld;
  before(async () => {
    world = await openPeopleWorld();
    for (const name of ["Ada", "Bea", "Cleo", "Dora", "Eva", "Fay"]) await world.newPerson(name);
  });
  after(() => world.close());

  test("session fixation: signing in makes a new session and ends the one that was planted", async () => {
    const attacker = world.newBrowser();
    await signIn(attacker, "bea@example.com", examplePassword);
    const planted = attacker.cookies.get("sluice_session") ?? "";
    const victim = world.newBrowser();
    await victim.open("/sign-in");
    const { html } = await victim.open("/sign-in");
    victim.cookies.set("sluice_session", planted);
    const csrf = /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? "";
    await victim.post("/sign-in", { csrf, email: "ada@example.com", password: examplePassword });
    assert.notEqual(victim.cookies.get("sluice_session"), planted);
    assert.match((await victim.open("/account")).text, /Ada/);
    assert.equal((await attacker.open("/account")).path, "/sign-in");
  });

  test("cross-site forms: without the token of this browser nothing is done", async () => {
    const victim = world.newBrowser();
    await signIn(victim, "ada@example.com", examplePassword);
    const other = world.newBrowser();
    await signIn(other, "bea@example.com", examplePassword);
    const { html } = await other.open("/account");
    const others = /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? "";
    for (const path of ["/account/sign-out", "/account/sessions/end-others", "/account/password"])
      for (const csrf of ["", others]) {
        const fields = { csrf, current: examplePassword, password: otherPassword };
        assert.equal((await victim.post(path, fields)).status, 403, path);
      }
    const own = /name="csrf" value="([^"]*)"/.exec((await victim.open("/account")).html)?.[1] ?? "";
    const cross = { "sec-fetch-site": "cross-site" };
    assert.equal((await victim.post("/account/sign-out", { csrf: own }, cross)).status, 403);
    assert.equal((await victim.open("/account")).path, "/account");
    assert.equal((await signIn(world.newBrowser(), "ada@example.com", examplePassword)).status, 200);
  });

  test("signing somebody in as somebody else from another site is refused", async () => {
    const victim = world.newBrowser();
    await victim.open("/sign-in");
    const attacker = world.newBrowser();
    const { html } = await attacker.open("/sign-in");
    const csrf = /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? "";
    const link = await world.newLink((await world.newPerson("Mallory")).id);
    for (const path of ["/sign-in", link]) {
      const fields = { csrf, name: "M", email: "bea@example.com", password: examplePassword };
      assert.equal((await victim.post(path, fields)).status, 403);
      assert.equal(victim.cookies.has("sluice_session"), false);
    }
  });

  test("open redirect: `next` leads to paths of this server alone", async () => {
    const elsewhere = [
      "https://evil.example/",
      "//evil.example/",
      "/\\evil.example/",
      "\\\\evil.example",
      "/.//evil.example/",
      "/%2e//evil.example",
      "/\t/evil.example/",
      "/\n/evil.example/",
      "javascript:alert(1)",
      " /account",
      "account",
      `/${"a".repeat(3_000)}`,
    ];
    for (const next of elsewhere) {
      const browser = world.newBrowser();
      const page = `/sign-in?next=${encodeURIComponent(next)}`;
      const shown = await browser.submit(page, { email: "cleo@example.com", password: examplePassword });
      assert.equal(shown.path, "/account", next);
    }
    const browser = world.newBrowser();
    const fields = { next: "//evil.example", email: "cleo@example.com", password: examplePassword };
    assert.equal((await browser.submit("/sign-in", fields)).path, "/account");
    const wanted = await world.newBrowser().submit("/sign-in?next=%2Fsign-in%2Fx%3Fa%3D1%26b%3D2", {
      email: "cleo@example.com",
      password: examplePassword,
    });
    assert.equal(wanted.path, "/sign-in/x?a=1&b=2");
  });

  test("enumeration: an unknown email, a wrong password and none at all look the same, and take as long", async () => {
    await world.newPerson("Nopass", { password: null });
    const tries = ["dora@example.com", "nobody@example.com", "nopass@example.com", "no email at all"];
    const shown = [];
    const took: number[] = [];
    for (const email of tries) {
      const begun = process.hrtime.bigint();
      const { status, text, html } = await signIn(world.newBrowser(), email, "EXAMPLE wrong one");
      took.push(Number(process.hrtime.bigint() - begun) / 1e6);
      shown.push({ status, text, shape: html.replaceAll(/value="[^"]*"/g, "") });
    }
    for (const it of shown) assert.deepEqual(it, shown[0]);
    assert.equal(shown[0]?.status, 401);
    // Each compares with something: none answers in a small part of the time of another.
    assert.ok(Math.min(...took) > Math.max(...took) / 20, took.join());
  });

  test("brute force: after five attempts each next waits twice as long, the right password too", async () => {
    const browser = world.newBrowser();
    const guess = async (password = "EXAMPLE wrong one") => signIn(browser, "eva@example.com", password);
    for (let n = 0; n < 6; n++) assert.equal((await guess()).status, 401, `attempt ${n + 1}`);
    const waits: number[] = [];
    for (let n = 0; n < 12; n++) {
      const refused = await guess(examplePassword);
      assert.equal(refused.status, 429);
      waits.push(Number(refused.headers.get("retry-after")));
      assert.match(refused.text, /too many attempts/);
      world.clock.advance(Number(refused.headers.get("retry-after")) * 1_000);
      assert.equal((await guess()).status, 401);
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    // The owner is not locked out: a link signs in, and a session goes on.
    const eva = await world
      .newBrowser()
      .submit(await world.newLink(await idOf(world, "eva")), { name: "Eva" });
    assert.equal(eva.path, "/account");
    world.clock.advance(900_000);
    assert.equal((await guess(examplePassword)).path, "/account", "and who waits gets in");
  });

  test("brute force: unknown emails are limited alike, and one account from many places too", async () => {
    const browser = world.newBrowser();
    for (let n = 0; n < 6; n++) await signIn(browser, "unknown@example.com", "EXAMPLE wrong one");
    assert.equal((await signIn(browser, "unknown@example.com", "EXAMPLE wrong one")).status, 429);

    const { begin } = attempts(world.engines);
    for (let n = 0; n < 21; n++) await begin("fay@example.com", `198.51.100.${n}`);
    await assert.rejects(begin("fay@example.com", "198.51.100.99"), { kind: "limited" });
  });

  test("brute force: a hundred at the same moment are no more than one by one", async () => {
    const { begin } = attempts(world.engines);
    const tries = await Promise.allSettled(
      Array.from({ length: 100 }, () => begin("many@example.com", "198.51.100.200")),
    );
    assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 6);
  });

  test("changing the password is no way to guess it", async () => {
    const browser = world.newBrowser();
    await world.newPerson("Gus");
    await signIn(browser, "gus@example.com", examplePassword);
    const statuses = [];
    for (let n = 0; n < 8; n++) {
      const fields = { current: `EXAMPLE wrong ${n}`, password: otherPassword };
      statuses.push((await browser.submit("/account", fields, "/account/password")).status);
    }
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 401, 429, 429]);
    const elsewhere = await signIn(world.newBrowser(), "gus@example.com", examplePassword);
    assert.equal(elsewhere.status, 429, "nor to go on guessing at the sign-in");
  });

  test("a name with markup in it is text, wherever it is shown", async () => {
    const nasty = `<script>alert(1)</script>"><img src=x onerror=alert(1)>`;
    const { id } = await world.newPerson("Oscar", { password: null });
    const link = await world.newLink(id);
    const browser = world.newBrowser();
    const refused = await browser.submit(link, { name: nasty, password: "short" });
    const shown = await browser.submit(link, { name: nasty, password: otherPassword });
    for (const { html, text } of [refused, shown, await world.newBrowser().open(await world.newLink(id))]) {
      assert.doesNotMatch(html, /<script>alert|<img/);
      if (html !== refused.html) assert.ok(text.includes("<script>alert(1)</script>"));
    }
    const agent = await world.newBrowser().post("/sign-in", {}, { "user-agent": nasty });
    assert.doesNotMatch(agent.html, /<script>alert|<img/);
  });

  test("forms that are too large, of another type, or not forms at all are refused as pages", async () => {
    const browser = world.newBrowser();
    const refused = [
      [413, await browser.post("/sign-in", `password=${"x".repeat(16 * 1024)}`)],
      [413, await browser.post("/sign-in", Array.from({ length: 201 }, (_, n) => `f${n}=1`).join("&"))],
      [415, await browser.post("/sign-in", "{}", { "content-type": "application/json" })],
      [415, await browser.post("/sign-in", "x", { "content-type": "text/plain" })],
      [403, await browser.post("/sign-in", "%00%ff%zz=&&&=")],
      [404, await browser.open("/sign-in/nowhere")],
      [404, await browser.open("/invitations")],
      [404, await browser.open("/sign-in/link/unknown")],
      [404, await browser.open("/invitations/unknown")],
      [404, await browser.open("/account/..%2f")],
    ] as const;
    for (const [status, shown] of refused) {
      assert.equal(shown.status, status, shown.text);
      assert.match(shown.headers.get("content-type") ?? "", /^text\/html/);
    }
    const put = await fetch(`${world.url}/sign-in`, { method: "PUT" });
    assert.equal(put.status, 405);
  });

  test("no page may be framed, kept, or run what is not its own", async () => {
    const browser = world.newBrowser();
    const pages = [await browser.open("/sign-in"), await signIn(browser, "ada@example.com", examplePassword)];
    pages.push(
      await browser.open(await world.newLink(await idOf(world, "ada"))),
      await browser.open("/account/x"),
    );
    for (const { headers, path } of pages) {
      const policy = headers.get("content-security-policy") ?? "";
      for (const rule of [
        "default-src 'none'",
        "script-src 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
      ])
        assert.ok(policy.includes(rule), `${path}: ${policy}`);
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
    }
  });

  test("behind TLS cookies are bound to this host", async () => {
    const tls = await openPeopleWorld({ publicUrl: "https://sluice.example" });
    try {
      await tls.newPerson("Ada");
      const browser = tls.newBrowser();
      assert.equal((await signIn(browser, "ada@example.com", examplePassword)).path, "/account");
      assert.deepEqual([...browser.cookies.keys()].toSorted(), [
        "__Host-sluice_form",
        "__Host-sluice_session",
      ]);
      const tossed = tls.newBrowser();
      tossed.cookies.set("sluice_session", browser.cookies.get("__Host-sluice_session") ?? "");
      assert.equal((await tossed.open("/account")).path, "/sign-in");
    } finally {
      await tls.close();
    }
  });
});

function signIn(browser: Browser, email: string, password: string): Promise<Shown> {
  return browser.submit("/sign-in", { email, password });
}

async function idOf({ engines }: PeopleWorld, name: string): Promise<string> {
  const found = await engines.store.records.byGlobalKey("user", "email", `${name}@example.com`);
  assert.ok(found);
  return found.id;
}
