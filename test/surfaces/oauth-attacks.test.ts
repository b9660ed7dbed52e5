import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import {
  authorizeUrl,
  Browser,
  call,
  connect,
  formOf,
  openOauthWorld,
  register,
  token,
  type OauthWorld,
  type Person,
  type View,
} from "./oauth-world.ts";

let world: OauthWorld;
let ada: Person;
before(async () => {
  world = await openOauthWorld();
  ada = await world.newPerson({ [world.workspace]: "owner" });
});
after(() => world.close());

async function asked(person = ada, params: Readonly<Record<string, string>> = {}): Promise<View> {
  const { clientId } = await register(world);
  return person.browser.open(authorizeUrl(world, clientId, params));
}

/** What a challenge says, and that it says where to sign in. */
function challengeOf(answer: Response): string {
  const challenge = answer.headers.get("www-authenticate") ?? "";
  assert.match(challenge, /resource_metadata="/);
  return /error="(\w+)"/.exec(challenge)?.[1] ?? "";
}

test("consent CSRF: a form without what the session demands, of another session, or of another site decides nothing", async () => {
  const eve = await world.newPerson({ [world.workspace]: "member" });
  const evil = formOf(await asked(eve));
  const view = await asked();
  const own = formOf(view);
  own.set("decision", "approve");
  for (const csrf of ["", "fake", evil.get("csrf") ?? ""]) {
    const forged = new URLSearchParams(own);
    forged.set("csrf", csrf);
    const answer = await ada.browser.post(view.url, forged);
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get("refresh"), null);
  }
  const crossSite = await ada.browser.open(view.url, {
    method: "POST",
    body: own.toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site" },
  });
  assert.equal(crossSite.status, 403);
  assert.deepEqual(await world.sluice.engines.identity.grants({ account: ada.id }), []);
  await ada.browser.decide(view, "refuse");
});

test("consent fixation: a link to somebody else's request is nobody's to decide", async () => {
  const eve = await world.newPerson({ [world.workspace]: "member" });
  const view = await asked(eve);
  const answer = await ada.browser.open(view.url);
  assert.equal(answer.status, 404);
  assert.equal((await ada.browser.post(view.url, formOf(view))).status, 404);
});

test("clickjacking: no page of OAuth may be framed, runs a script, or sends its form elsewhere", async () => {
  const pages = [
    await asked(),
    await ada.browser.open("/oauth/device"),
    await ada.browser.open("/oauth/authorize?client_id=unknown"),
    await ada.browser.open("/oauth/interaction/unknown"),
  ];
  for (const { headers, url } of pages) {
    assert.equal(headers.get("x-frame-options"), "DENY", url.href);
    const policy = headers.get("content-security-policy") ?? "";
    for (const rule of [
      "default-src 'none'",
      "script-src 'none'",
      "frame-ancestors 'none'",
      "form-action 'self'",
    ])
      assert.ok(policy.includes(rule), `${url.href}: ${policy}`);
    assert.equal(headers.get("cache-control"), "no-store");
  }
});

test("markup in what a client calls itself is text", async () => {
  const name = `<img src=x onerror="alert(1)"></title><script>`;
  const { clientId } = await register(world, { client_name: name, client_uri: "https://a.example/'\"><b>" });
  const { text } = await ada.browser.open(authorizeUrl(world, clientId));
  assert.doesNotMatch(text, /<img|<script|<b>/);
  assert.match(text, /&lt;img src=x/);
});

test("audience confusion: a token for one address is refused at another, and an unknown address gets none", async () => {
  const mcp = await connect(world, ada, { resource: `${world.url}/api/mcp` });
  const rest = await connect(world, ada, { resource: `${world.url}/api/v1` });
  const sessions = await connect(world, ada, { resource: `${world.url}/mcp` });
  const viaRest = (access: string) =>
    fetch(`${world.url}/api/v1/endpoints`, { headers: { authorization: `Bearer ${access}` } });
  assert.equal((await call(world, mcp.access)).status, 200);
  assert.equal((await viaRest(rest.access)).status, 200);
  for (const { access } of [rest, sessions]) {
    const answer = await call(world, access);
    assert.equal(answer.status, 401);
    assert.equal(challengeOf(answer), "invalid_token");
  }
  assert.equal((await viaRest(mcp.access)).status, 401);
  const { clientId } = await register(world);
  await ada.browser.open(authorizeUrl(world, clientId, { resource: "https://evil.example/mcp" }));
  assert.equal(ada.browser.left?.searchParams.get("error"), "invalid_target");
});

test("a token of another workspace: it names one, and is good for no other of the same person", async () => {
  const other = await world.newWorkspace("Other");
  const bob = await world.newPerson({ [world.workspace]: "owner", [other]: "owner" });
  const { access } = await connect(world, bob, {}, (form) => form.set("workspace", other));
  const own = (await (await call(world, access)).json()) as { result: { isError?: boolean } };
  assert.notEqual(own.result.isError, true);
  const foreign = await (await call(world, access, { workspaceId: world.workspace })).text();
  assert.match(foreign, /No such workspace/);
});

test("a workspace that the person does not belong to cannot be chosen", async () => {
  const other = await world.newWorkspace("Not mine");
  const view = await asked();
  const form = formOf(view);
  form.set("decision", "approve");
  form.set("workspace", other);
  const answer = await ada.browser.post(view.url, form);
  assert.equal(answer.status, 400);
  assert.match(answer.text, /You do not belong to that workspace/);
});

test("a person who is a member no more takes their clients with them", async () => {
  const bob = await world.newPerson({ [world.workspace]: "admin" });
  const { access } = await connect(world, bob);
  assert.equal((await call(world, access)).status, 200);
  await world.changeRole(bob, world.workspace, null);
  const answer = await call(world, access);
  assert.equal(answer.status, 401);
  assert.equal(challengeOf(answer), "invalid_token");
});

test("a role that is narrowed narrows what was granted before, and nobody grants what they may not do", async () => {
  const bob = await world.newPerson({ [world.workspace]: "admin" });
  const { access, clientId } = await connect(world, bob);
  const { grant = "" } = (await world.sluice.engines.identity.token(access)) ?? {};
  const create = () =>
    fetch(`${world.url}/api/mcp`, {
      method: "POST",
      headers: { authorization: `Bearer ${access}`, "content-type": "application/json" },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "create_endpoint", arguments: { name: "x", targetUrl: world.sluice.echoUrl } },
      }),
    });
  assert.equal((await create()).status, 200);
  await world.changeRole(bob, world.workspace, "viewer");
  const refused = await create();
  assert.equal(refused.status, 403);
  assert.equal(challengeOf(refused), "insufficient_scope");
  assert.equal((await call(world, access)).status, 200);
  const view = await bob.browser.open(authorizeUrl(world, clientId));
  assert.match(view.text, /more, which you may not do yourself/);
  await bob.browser.decide(view, "approve", (form) => form.set("scope.endpoints:write", "yes"));
  const { scopes = {} } = (await world.sluice.engines.identity.grant(grant)) ?? {};
  assert.ok(Object.values(scopes).flat().length > 0);
  assert.ok(
    Object.values(scopes)
      .flat()
      .every((scope) => scope.endsWith(":read")),
  );
});

test("a bearer text that is no token of ours does not open browsers, one that was does", async () => {
  const { access } = await connect(world, ada);
  const { grant = "" } = (await world.sluice.engines.identity.token(access)) ?? {};
  await world.sluice.engines.identity.revoke(grant);
  const revoked = await call(world, access);
  assert.deepEqual([revoked.status, challengeOf(revoked)], [401, "invalid_token"]);
  const typo = await call(world, "mk_fake");
  assert.deepEqual([typo.status, typo.headers.get("www-authenticate")], [401, "Bearer"]);
});

test("over REST too: none leads to the metadata, a typo does not, and a token is told which scope it lacks", async () => {
  const params = { resource: `${world.url}/api/v1`, scope: "endpoints:read" };
  const { access } = await connect(world, ada, params);
  const sent = (method: string, authorization?: string) =>
    fetch(`${world.url}/api/v1/endpoints`, {
      method,
      headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
      ...(method === "POST" && { body: "{}" }),
    });
  const none = await sent("GET");
  assert.deepEqual([none.status, challengeOf(none)], [401, ""]);
  const [, url = ""] = /resource_metadata="([^"]+)"/.exec(none.headers.get("www-authenticate") ?? "") ?? [];
  const { resource } = (await (await fetch(url)).json()) as { readonly resource: string };
  assert.equal(resource, params.resource);
  assert.equal((await sent("GET", "Bearer mk_fake")).headers.get("www-authenticate"), "Bearer");
  assert.equal((await sent("GET", `Bearer ${access}`)).status, 200);
  const beyond = await sent("POST", `Bearer ${access}`);
  assert.deepEqual([beyond.status, challengeOf(beyond)], [403, "insufficient_scope"]);
  assert.match(beyond.headers.get("www-authenticate") ?? "", /scope="endpoints:write"/);
});

test("a client of others cannot be given what outlasts it, such as making keys", async () => {
  const params = { resource: `${world.url}/api/v1`, scope: "credentials:write self:write endpoints:read" };
  const view = await asked(ada, params);
  assert.doesNotMatch(view.text, /credentials:write|self:write/);
  const { access } = await connect(world, ada, params, (form) => form.set("scope.self:write", "yes"));
  assert.deepEqual((await world.sluice.engines.identity.token(access))?.scopes, ["endpoints:read"]);
});

test("mix-up: every answer says who gives it, be it a code or a refusal", async () => {
  const approved = await ada.browser.decide(await asked(), "approve");
  const refused = await ada.browser.decide(await asked(), "refuse");
  assert.deepEqual([approved.get("iss"), refused.get("iss")], [world.url, world.url]);
  assert.equal(refused.get("error"), "access_denied");
});

test("open redirects: nobody is led elsewhere by a link to the sign-in, or by an error", async () => {
  const guest = new Browser(world.url);
  const { clientId } = await register(world);
  const signIn = await guest.open(authorizeUrl(world, clientId));
  assert.match(signIn.url.href, /\/sign-in\?next=%2Foauth%2Finteraction%2F/);
  for (const next of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
    const view = await ada.browser.open(`/sign-in?next=${encodeURIComponent(next)}`);
    assert.equal(view.url.origin, world.url);
  }
  for (const path of [
    "/oauth/authorize?client_id=unknown&redirect_uri=https://evil.example",
    `/oauth/authorize?client_id=${clientId}&redirect_uri=https://evil.example&response_type=code`,
    "/oauth/end?post_logout_redirect_uri=https://evil.example",
    "/oauth/session/end?post_logout_redirect_uri=https://evil.example",
  ]) {
    guest.left = null;
    const view = await guest.open(path);
    assert.equal(guest.left, null, path);
    assert.ok(view.status >= 400);
  }
});

test("SSRF through metadata documents: what is private is not even connected to", async (t) => {
  let connections = 0;
  const inside = createServer(() => void connections++).listen(0, "127.0.0.1");
  await once(inside, "listening");
  t.after(() => inside.close());
  const { port } = inside.address() as AddressInfo;
  for (const id of [
    `https://127.0.0.1:${port}/client.json`,
    `https://localhost:${port}/client.json`,
    `https://[::1]:${port}/client.json`,
    `https://[::ffff:127.0.0.1]:${port}/client.json`,
    `https://2130706433:${port}/client.json`,
    `https://0.0.0.0:${port}/client.json`,
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/client.json",
  ]) {
    const view = await ada.browser.open(authorizeUrl(world, id));
    assert.equal(view.status, 400, id);
    assert.doesNotMatch(view.text, /ECONN|refused to connect|TLS|certificate/i);
  }
  assert.equal(connections, 0);
});

test("registration flood: one address registers 50 clients an hour and is told to wait after that", async () => {
  const flooded = await openOauthWorld();
  try {
    let registered = 0;
    let status = 201;
    while (status === 201) {
      ({ status } = await register(flooded));
      if (status === 201) registered++;
    }
    assert.equal(status, 429);
    // An hour may have begun meanwhile.
    assert.ok(registered === 50 || (registered > 50 && registered <= 100), `${registered} registered`);
    const oversized = await register(world, { client_uri: `https://a.example/${"x".repeat(40_000)}` });
    assert.equal(oversized.status, 413);
  } finally {
    await flooded.close();
  }
});

test("replay: a refresh token that was used, once others had time to notice, ends the connection and is audited", async (t) => {
  const { access, refresh, clientId } = await connect(world, ada);
  const form = { grant_type: "refresh_token", client_id: clientId, refresh_token: refresh };
  const [one, raced] = [await token(world, form), await token(world, form)];
  assert.deepEqual([one.status, raced.status], [200, 200]);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 31_000 });
  assert.equal((await token(world, form)).status, 400);
  t.mock.timers.reset();
  assert.equal((await call(world, access)).status, 401);
  const where = { operation: "disconnect_client" };
  const [event] = await world.sluice.engines.store.audit.list(world.workspace, { limit: 1, where });
  assert.partialDeepStrictEqual(event?.detail, { how: "replayed", client: "Fake Agent" });
});
