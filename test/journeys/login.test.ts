import assert from "node:assert/strict";
import { chmod, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { loginFile } from "../../src/engines/logins/login-file.ts";
import { listConnectedClients } from "../../src/planes/account/operations/list-connected-clients.ts";
import { revokeConnectedClient } from "../../src/planes/account/operations/revoke-connected-client.ts";
import { faulty } from "./faulty.ts";
import {
  addressOf,
  agedTokens,
  bring,
  decideDevice,
  kept,
  loggedIn,
  loginScene,
  newMachine,
  printed,
  statusWith,
  withKey,
} from "./login-scene.ts";
import { movedClock } from "./moved-clock.ts";
import { eventually } from "./eventually.ts";

test("a person logs in with a browser on their machine, and commands act for them", async (whole) => {
  const scene = await loginScene(whole);
  const { server, browser } = scene;

  await whole.test("they approve, and the command line is told by a page of its own", async (t) => {
    const machine = await newMachine(t, scene);
    const command = machine.start(["login", "--browser"]);
    const asked = await browser.open(await addressOf(command));
    assert.match(asked.text, /Connect Sluice command line\?/);
    await browser.decide(asked, "approve");
    const answered = browser.left;
    assert.match(await bring(scene), /You can close this window/);
    assert.deepEqual(await command.ended, { code: 0, signal: null });
    const who = `Logged in at ${server.url} as Olga <olga@example.com>, in the workspace default.`;
    assert.ok(command.output().includes(who), command.output());
    assert.equal((await stat(machine.file)).mode & 0o777, 0o600);
    assert.equal((await stat(join(machine.home, "sluice"))).mode & 0o777, 0o700);
    assert.deepEqual((await readdir(join(machine.home, "sluice"))).toSorted(), [
      "credentials.json",
      "lock.db",
    ]);
    // Nobody listens any longer to whoever brings the answer once more.
    await assert.rejects(fetch(answered ?? ""));

    const { output, code } = await machine.run(["whoami"]);
    assert.equal(code, 0);
    assert.match(output, /^person:\n {2}name: Olga\n {2}email: olga@example\.com$/m);
    const own = await machine.run(["list-workspaces", "--json"]);
    assert.equal((JSON.parse(own.output) as { workspaces: unknown[] }).workspaces.length, 1, own.log);
  });

  await whole.test("what knows no state is refused, and the answer is still waited for", async (t) => {
    const machine = await newMachine(t, scene);
    const command = machine.start(["login", "--browser"]);
    const address = new URL(await addressOf(command));
    const back = address.searchParams.get("redirect_uri") ?? "";
    const state = address.searchParams.get("state") ?? "";
    assert.match(back, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    assert.equal(address.searchParams.get("resource"), `${server.url}/api/v1`);
    const status = async (query: string, init?: RequestInit) => {
      const answer = await fetch(`${back}${query}`, init);
      await answer.body?.cancel();
      return answer.status;
    };
    const earlier = "A".repeat(43);
    assert.equal(await status(`?code=fake&state=${earlier}&iss=${server.url}`), 400);
    assert.equal(await status("?code=fake"), 400);
    assert.equal(await status(`?state=${state}`), 400);
    assert.equal(await status(`?code=fake&error=fake&state=${state}`), 400);
    assert.equal(await status(`?code=fake&state=${state}`, { method: "POST" }), 405);
    assert.equal(await status(`/more?code=fake&state=${state}`), 404);
    await browser.decide(await browser.open(address), "approve");
    await bring(scene);
    assert.equal((await command.ended).code, 0, command.log());
  });

  await whole.test("the answer of another server is not used", async (t) => {
    const machine = await newMachine(t, scene);
    const command = machine.start(["login", "--browser"]);
    await browser.decide(await browser.open(await addressOf(command)), "approve");
    browser.left?.searchParams.set("iss", "https://evil.example");
    await bring(scene);
    assert.equal((await command.ended).code, 3);
    assert.match(command.log(), /^error: The browser brought the answer of another server\.$/m);
    await assert.rejects(readFile(machine.file), { code: "ENOENT" });
  });

  await whole.test("who refuses gives nothing", async (t) => {
    const machine = await newMachine(t, scene);
    const command = machine.start(["login", "--browser"]);
    await browser.decide(await browser.open(await addressOf(command)), "refuse");
    await bring(scene);
    assert.equal((await command.ended).code, 3);
    assert.match(command.log(), /^error: The login was refused in the browser\.$/m);
    await assert.rejects(readFile(machine.file), { code: "ENOENT" });
  });

  await whole.test("where nobody has a browser a code is typed into another", async (t) => {
    const machine = await newMachine(t, scene);
    const command = machine.start(["login"]);
    await decideDevice(scene, await printed(command, /^ {2}(\w{4}-\w{4})$/m), "approve");
    assert.equal((await command.ended).code, 0, command.log());
    assert.match(command.output(), /as Olga <olga@example\.com>/);
    assert.equal((await machine.run(["whoami"])).code, 0);
  });

  await whole.test("a code that is refused gives nothing", async (t) => {
    const machine = await newMachine(t, scene);
    const command = machine.start(["login", "--device"]);
    await decideDevice(scene, await printed(command, /^ {2}(\w{4}-\w{4})$/m), "refuse");
    assert.equal((await command.ended).code, 3);
    assert.match(command.log(), /^error: The login was refused in the browser\.$/m);
  });

  await whole.test("a terminal opens the browser of its machine", async (t) => {
    if (process.platform !== "linux" || spawnSync("script", ["--version"]).error !== undefined)
      return t.skip("there is no script(1) to make a terminal");
    const machine = await newMachine(t, scene);
    const opened = join(machine.home, "opened");
    await mkdir(join(machine.home, "bin"));
    const program = join(machine.home, "bin", "xdg-open");
    await writeFile(
      program,
      `#!/bin/sh\nprintf %s "$1" > "${opened}.draft"\nmv "${opened}.draft" "${opened}"\n`,
    );
    await chmod(program, 0o755);
    const terminal = spawn("script", ["-qec", `"${process.execPath}" src/main.ts login`, "/dev/null"], {
      env: {
        PATH: `${join(machine.home, "bin")}:${process.env["PATH"]}`,
        XDG_CONFIG_HOME: machine.home,
        SLUICE_URL: server.url,
      },
      stdio: ["pipe", "ignore", "inherit"],
    });
    const address = await eventually("the browser", () => readFile(opened, "utf8").catch(() => undefined));
    await browser.decide(await browser.open(address), "approve");
    await bring(scene);
    assert.deepEqual(await once(terminal, "close"), [0, null]);
    assert.equal((await machine.run(["whoami"])).code, 0);
  });
});

test("a login is kept, renewed and ended", async (whole) => {
  const scene = await loginScene(whole);
  const { server } = scene;

  await whole.test("`token` prints an access token and nothing else", async (t) => {
    const machine = await loggedIn(t, scene);
    const { output, code } = await machine.run(["token"]);
    assert.equal(code, 0);
    assert.match(output, /^[\w-]{43}\n$/);
    assert.equal(await statusWith(scene, output.trim()), 200);
    const { output: json } = await machine.run(["token", "--json"]);
    const { accessToken, expiresAt } = await kept(machine, scene);
    assert.deepEqual(JSON.parse(json), { accessToken, expiresAt: new Date(expiresAt).toISOString() });
  });

  await whole.test("of commands that run at once one renews it, and all go on", async (t) => {
    const [machine, other] = [await loggedIn(t, scene), await loggedIn(t, scene)];
    const before = await agedTokens(machine, scene);
    const renewals = scene.renewals();
    const { ran } = await loginFile(join(machine.home, "sluice")).alone(async () => {
      const all = Promise.all(Array.from({ length: 3 }, () => machine.run(["token"])));
      // Meanwhile another command runs from its start to its end: these could have renewed it too.
      assert.equal((await other.run(["whoami"])).code, 0);
      assert.equal(scene.renewals(), renewals);
      return { ran: all };
    });
    const commands = await ran;
    const after = await kept(machine, scene);
    assert.notEqual(after.accessToken, before.accessToken);
    assert.notEqual(after.refreshToken, before.refreshToken);
    for (const { code, output, log } of commands)
      assert.deepEqual([code, output, log], [0, `${after.accessToken}\n`, ""]);
    assert.equal(scene.renewals(), renewals + 1);
    assert.equal((await stat(machine.file)).mode & 0o777, 0o600);
    assert.equal((await machine.run(["whoami"])).code, 0);
  });

  await whole.test("an access token that the server takes no longer is replaced", async (t) => {
    const machine = await loggedIn(t, scene);
    const { accessToken } = await kept(machine, scene);
    const form = new URLSearchParams({ client_id: "sluice-cli", token: accessToken });
    assert.equal((await fetch(`${server.url}/oauth/revoke`, { method: "POST", body: form })).status, 200);
    assert.equal(await statusWith(scene, accessToken), 401);
    assert.equal((await machine.run(["whoami"])).code, 0);
    assert.notEqual((await kept(machine, scene)).accessToken, accessToken);
  });

  await whole.test("logging out ends the tokens of this machine, and no other's", async (t) => {
    const [machine, other] = [await loggedIn(t, scene), await loggedIn(t, scene)];
    const { accessToken, refreshToken } = await kept(machine, scene);
    const out = await machine.run(["logout"]);
    assert.deepEqual([out.code, out.log], [0, ""]);
    assert.equal(await statusWith(scene, accessToken), 401);
    const form = { client_id: "sluice-cli", grant_type: "refresh_token", refresh_token: refreshToken };
    const renewed = await fetch(`${server.url}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    assert.deepEqual(
      [renewed.status, ((await renewed.json()) as { error: string }).error],
      [400, "invalid_grant"],
    );
    assert.deepEqual(JSON.parse(await readFile(machine.file, "utf8")), {});
    const { code, log } = await machine.run(["whoami"]);
    assert.equal(code, 3);
    assert.match(
      log,
      /^error: Nobody is logged in at .*\nhint: Run `sluice login`, or set SLUICE_API_KEY\.$/m,
    );
    assert.equal((await other.run(["whoami"])).code, 0);
    assert.match((await machine.run(["logout"])).output, /^Nobody is logged in/);
  });

  await whole.test("logging in again ends the tokens there were", async (t) => {
    const machine = await loggedIn(t, scene);
    const { accessToken } = await kept(machine, scene);
    const command = machine.start(["login", "--browser"], withKey);
    await scene.browser.decide(await scene.browser.open(await addressOf(command)), "approve");
    await bring(scene);
    assert.equal((await command.ended).code, 0, command.log());
    assert.match(command.output(), /counts before the login/);
    assert.equal(await statusWith(scene, accessToken), 401);
    assert.equal((await machine.run(["whoami"])).code, 0);
  });

  await whole.test("a key counts before the login", async (t) => {
    const machine = await loggedIn(t, scene);
    const { output } = await machine.run(["whoami", "--json"], withKey);
    assert.equal((JSON.parse(output) as { person: unknown }).person, null);
  });

  await whole.test("tokens are listed, made and revoked by short names", async (t) => {
    const machine = await loggedIn(t, scene);
    const create = ["token", "create", "management-token", "--name", "fake", "--scopes", "endpoints:read"];
    const made = await machine.run([...create, "--json"]);
    assert.equal(made.code, 0, made.log);
    const { id } = JSON.parse(made.output) as { id: string };
    const listed = await machine.run(["token", "list", "--kind", "management-token", "--json"]);
    const { credentials } = JSON.parse(listed.output) as { credentials: { id: string }[] };
    assert.deepEqual(
      credentials.map((it) => it.id),
      [id],
    );
    assert.equal((await machine.run(["token", "revoke", id])).code, 2);
    assert.equal((await machine.run(["token", "revoke", id, "--yes"])).code, 0);
    assert.match((await machine.run(["token", "list", "personal-keys"])).output, /^personalKeys: \(none\)\n/);
    // It would be good for more than was approved.
    const more = await machine.run(["token", "create", "personal-key", "--name", "fake"]);
    assert.equal(more.code, 3);
    assert.match(more.log, /A client cannot make itself a key/);
  });

  await whole.test("what others on the machine may read is not used", async (t) => {
    const machine = await loggedIn(t, scene);
    await chmod(machine.file, 0o644);
    const { code, log } = await machine.run(["whoami"]);
    assert.equal(code, 2);
    assert.ok(log.includes(`hint: Run: chmod 600 ${machine.file}`), log);
  });

  await whole.test("a login whose connection was ended says so, whatever is called", async (t) => {
    const machine = await loggedIn(t, scene);
    const { connectedClients } = await server.ask(listConnectedClients, {});
    for (const { id } of connectedClients) await server.ask(revokeConnectedClient, { connectionId: id });
    for (const args of [["whoami"], ["config", "export"], ["token", "list"]]) {
      const { code, log } = await machine.run(args);
      assert.equal(code, 3, log);
      assert.match(log, /^error: Your login at .* is over\.\nhint: Run `sluice login` again\.$/m);
    }
  });

  await whole.test("a server that is known by another address is named by it", async (t) => {
    const machine = await newMachine(t, scene);
    const { code, log } = await machine.run(["login", "--url", server.url.replace("127.0.0.1", "localhost")]);
    assert.equal(code, 2);
    assert.ok(log.includes(`Run it with --url ${server.url},`), log);
  });
});

test("a code that nobody typed in time is over", async (t) => {
  const clock = await movedClock(t);
  const scene = await loginScene(t, faulty(clock.fault));
  const machine = await newMachine(t, scene);
  const command = machine.start(["login", "--device"]);
  await printed(command, /^ {2}(\w{4}-\w{4})$/m);
  clock.move(11 * 60_000);
  assert.equal((await command.ended).code, 3);
  assert.match(command.log(), /^error: Nobody approved the login before its code was over\.$/m);
});
