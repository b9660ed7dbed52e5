import assert from "node:assert/strict";
import { accessTokenMs, grantDays, idleDays, refreshGraceMs } from "../identity.ts";
import {
  account,
  approved,
  authorizeTarget,
  beAsked,
  builtIn,
  day,
  errorOf,
  exchange,
  issuer,
  json,
  newClient,
  newCode,
  newTokens,
  proof,
  realm,
  refreshed,
  scopes,
  second,
  tokensOf,
  Visitor,
  type Promises,
} from "./trial.ts";

/** How a person grants, and what tokens then stand for. */
export const grantPromises: Promises = {
  async "what a client asks for is asked of a person, and the token stands for what they approved"({
    identity,
  }) {
    const clientId = await newClient(identity);
    const { verifier, challenge } = proof();
    const asked = await beAsked(identity, authorizeTarget(clientId, challenge));
    const { client, ...rest } = asked.pending;
    assert.deepEqual([client.id, client.name, client.from], [clientId, "Fake Client", "registered"]);
    assert.deepEqual(rest, {
      id: asked.pending.id,
      redirectUri: "http://127.0.0.1/callback",
      resource: `${issuer}/mcp`,
      scopes,
    });
    const query = await approved(identity, asked, { scopes: ["events:read"] });
    assert.deepEqual([query.get("state"), query.get("iss")], ["fake-state", issuer]);
    const answer = await exchange(identity, clientId, { code: query.get("code") ?? "", verifier });
    assert.equal(answer.headers["cache-control"], "no-store");
    const tokens = tokensOf(answer);
    assert.deepEqual([tokens.scope, tokens.expiresIn], ["events:read", accessTokenMs / second]);
    assert.match(tokens.access, /^[\w-]{43}$/);
    const token = await identity.token(tokens.access);
    assert.deepEqual(
      [token?.account, token?.realm, token?.client.name, token?.scopes, token?.audience],
      [account, realm, "Fake Client", ["events:read"], `${issuer}/mcp`],
    );
  },

  async "what a client is shown is kept with the grant, is changed for its tokens at once, and stays when it is approved again"({
    identity,
    another,
  }) {
    const clientId = await newClient(identity);
    const { access } = await newTokens(identity, { clientId, approval: { toolsets: ["one", "two"] } });
    const shown = async (it = identity) => (await it.token(access))?.toolsets;
    assert.deepEqual(await shown(), ["one", "two"]);
    const { grant = "" } = (await identity.token(access)) ?? {};
    assert.deepEqual((await identity.show(grant, ["three"]))?.toolsets, ["three"]);
    assert.deepEqual(await shown(), ["three"]);
    assert.deepEqual(await shown(await another()), ["three"]);
    await newTokens(identity, { clientId });
    assert.deepEqual((await identity.grant(grant))?.toolsets, ["three"]);
    assert.deepEqual((await identity.grant(grant))?.scopes, { [`${issuer}/mcp`]: scopes });
    const plain = await newTokens(identity, { clientId: await newClient(identity) });
    assert.equal((await identity.token(plain.access))?.toolsets, null);
  },

  async "a grant that was revoked is shown nothing, and does not come back by that"({ identity }) {
    const { access } = await newTokens(identity, { clientId: await newClient(identity) });
    const { grant = "" } = (await identity.token(access)) ?? {};
    await identity.revoke(grant);
    assert.equal(await identity.show(grant, ["one"]), undefined);
    assert.equal(await identity.grant(grant), undefined);
    assert.equal(await identity.token(access), undefined);
  },

  async "an access token is refused after an hour"({ identity, pass }) {
    const { access } = await newTokens(identity, { clientId: await newClient(identity) });
    pass(accessTokenMs - 20 * second);
    assert.ok(await identity.token(access));
    pass(40 * second);
    assert.equal(await identity.token(access), undefined);
  },

  async "what is no access token stands for nothing"({ identity }) {
    const { refresh } = await newTokens(identity, { clientId: await newClient(identity) });
    for (const text of ["", "x", refresh, "fake".repeat(1_000)])
      assert.equal(await identity.token(text), undefined);
  },

  async "a code that is used twice revokes what it was exchanged for"({ identity, ended }) {
    const clientId = await newClient(identity);
    const code = await newCode(identity, { clientId });
    const { access, refresh } = tokensOf(await exchange(identity, clientId, code));
    const { grant } = (await identity.token(access)) ?? {};
    assert.deepEqual(errorOf(await exchange(identity, clientId, code)), [400, "invalid_grant"]);
    assert.deepEqual(ended, [`${grant} replayed`]);
    assert.equal(await identity.token(access), undefined);
    assert.deepEqual(errorOf(await refreshed(identity, clientId, refresh)), [400, "invalid_grant"]);
  },

  async "of two that bring one code at the same moment, at two processes, neither keeps a token"({
    identity,
    another,
  }) {
    const clientId = await newClient(identity);
    const code = await newCode(identity, { clientId });
    const other = await another();
    const answers = await Promise.all([identity, other].map((it) => exchange(it, clientId, code)));
    const tokens = answers.filter(({ status }) => status === 200).map((it) => tokensOf(it).access);
    assert.ok(tokens.length < 2);
    for (const access of tokens) assert.equal(await identity.token(access), undefined);
  },

  async "a code is good for a minute, with its verifier, its client and its redirect URI alone"({
    identity,
    pass,
  }) {
    const clientId = await newClient(identity);
    const { code, verifier } = await newCode(identity, { clientId });
    const stranger = await newClient(identity);
    for (const [id, form] of [
      [clientId, { code_verifier: proof().verifier }],
      [clientId, { redirect_uri: "http://127.0.0.1:4000/callback" }],
      [stranger, {}],
    ] as const) {
      const answer = await exchange(identity, id, { code, verifier }, form);
      assert.deepEqual(errorOf(answer), [400, "invalid_grant"]);
    }
    pass(80 * second);
    assert.deepEqual(errorOf(await exchange(identity, clientId, { code, verifier })), [400, "invalid_grant"]);
  },

  async "a refresh token is used once, and again only for 30 seconds"({ identity, pass }) {
    const clientId = await newClient(identity);
    const first = await newTokens(identity, { clientId });
    const next = tokensOf(await refreshed(identity, clientId, first.refresh));
    assert.notEqual(next.refresh, first.refresh);
    pass(refreshGraceMs - second);
    const raced = await refreshed(identity, clientId, first.refresh);
    assert.equal(raced.status, 200);
    pass(2 * second);
    assert.deepEqual(errorOf(await refreshed(identity, clientId, first.refresh)), [400, "invalid_grant"]);
    for (const { access, refresh } of [next, tokensOf(raced)]) {
      assert.equal(await identity.token(access), undefined);
      assert.deepEqual(errorOf(await refreshed(identity, clientId, refresh)), [400, "invalid_grant"]);
    }
  },

  async "a grant that is used goes on, and ends when it was not used for 60 days"({ identity, pass }) {
    const clientId = await newClient(identity);
    let { refresh } = await newTokens(identity, { clientId });
    for (const days of [idleDays - 1, idleDays - 1]) {
      pass(days * day);
      const answer = await refreshed(identity, clientId, refresh);
      assert.equal(answer.status, 200, answer.body ?? "");
      refresh = tokensOf(answer).refresh;
      assert.equal((await identity.grants({ account })).length, 1);
    }
    pass((idleDays + 1) * day);
    assert.deepEqual(errorOf(await refreshed(identity, clientId, refresh)), [400, "invalid_grant"]);
    assert.deepEqual(await identity.grants({ account }), []);
  },

  async "a grant ends a year after it was approved, however much it is used"({ identity, pass }) {
    const clientId = await newClient(identity);
    let { refresh } = await newTokens(identity, { clientId });
    let isOver = false;
    for (let days = 0; days <= grantDays + 30 && !isOver; days += 30) {
      pass(30 * day);
      const answer = await refreshed(identity, clientId, refresh);
      isOver = answer.status !== 200;
      if (!isOver) refresh = tokensOf(answer).refresh;
      assert.equal(isOver, days + 30 >= grantDays, `after ${days + 30} days`);
    }
    assert.ok(isOver);
  },

  async "a token of somebody who is gone is not renewed"({ identity, gone }) {
    const clientId = await newClient(identity);
    const { refresh } = await newTokens(identity, { clientId });
    gone.add(account);
    assert.deepEqual(errorOf(await refreshed(identity, clientId, refresh)), [400, "invalid_grant"]);
  },

  async "a grant that is revoked ends its tokens at once, in other processes within a second, and other grants go on"({
    identity,
    another,
    pass,
  }) {
    const clientId = await newClient(identity);
    const one = await newTokens(identity, { clientId });
    const two = await newTokens(identity, { clientId, approval: { realm: "ws_other" } });
    const other = await another();
    assert.ok(await other.token(one.access));
    const grant = (await identity.token(one.access))?.grant ?? "";
    await identity.revoke(grant);
    assert.equal(await identity.token(one.access), undefined);
    pass(second);
    assert.equal(await other.token(one.access), undefined);
    assert.deepEqual(errorOf(await refreshed(other, clientId, one.refresh)), [400, "invalid_grant"]);
    assert.ok(await other.token(two.access));
    assert.deepEqual([await identity.grant(grant), await identity.revoke(grant)], [undefined, undefined]);
    assert.deepEqual(await identity.grants({ realm }), []);
    assert.equal((await identity.grants({ account })).length, 1);
  },

  async "a client can give its token back, which ends the grant, and no other client can"({
    identity,
    ended,
  }) {
    const clientId = await newClient(identity);
    const { access, refresh } = await newTokens(identity, { clientId });
    const stranger = await newClient(identity);
    const visitor = new Visitor(identity);
    await visitor.post("/oauth/revoke", { client_id: stranger, token: refresh });
    const { grant } = (await identity.token(access)) ?? {};
    assert.equal((await visitor.post("/oauth/revoke", { client_id: clientId, token: refresh })).status, 200);
    assert.equal(await identity.token(access), undefined);
    assert.deepEqual(ended, [`${grant} given back`]);
  },

  async "a built-in client gives back the tokens of one machine, and those of others go on"({
    identity,
    ended,
  }) {
    const clientId = builtIn.id;
    const one = await newTokens(identity, { clientId });
    const other = await newTokens(identity, { clientId });
    const visitor = new Visitor(identity);
    for (const token of [one.refresh, one.access])
      assert.equal((await visitor.post("/oauth/revoke", { client_id: clientId, token })).status, 200);
    assert.equal(await identity.token(one.access), undefined);
    assert.deepEqual(errorOf(await refreshed(identity, clientId, one.refresh)), [400, "invalid_grant"]);
    assert.ok(await identity.token(other.access));
    assert.equal((await refreshed(identity, clientId, other.refresh)).status, 200);
    assert.deepEqual(ended, []);
  },

  async "approving again, with less or more, is one grant, and tokens given before follow it"({ identity }) {
    const clientId = await newClient(identity);
    const first = await newTokens(identity, {
      clientId,
      approval: { scopes: ["events:read", "endpoints:read"] },
    });
    const later = await newTokens(identity, {
      clientId,
      approval: { scopes: ["endpoints:read", "endpoints:write"] },
    });
    assert.deepEqual((await identity.token(first.access))?.scopes, ["endpoints:read"]);
    assert.deepEqual((await identity.token(later.access))?.scopes, ["endpoints:read", "endpoints:write"]);
    const [grant, ...others] = await identity.grants({ account });
    assert.deepEqual([grant?.scopes[`${issuer}/mcp`], others], [["endpoints:read", "endpoints:write"], []]);
    const renewed = tokensOf(await refreshed(identity, clientId, first.refresh));
    assert.equal(renewed.scope, "endpoints:read");
  },

  async "no more is granted than was asked for, and something has to be"({ identity }) {
    const clientId = await newClient(identity);
    const { challenge } = proof();
    const target = authorizeTarget(clientId, challenge, { scope: "events:read" });
    const { request, pending } = await beAsked(identity, target);
    assert.deepEqual(pending.scopes, ["events:read"]);
    const more = { account, realm, scopes: ["endpoints:write"] };
    assert.equal(await identity.approve(request, more), undefined);
    assert.ok(await identity.approve(request, { ...more, scopes }));
    const [grant] = await identity.grants({ account });
    assert.deepEqual(grant?.scopes, { [`${issuer}/mcp`]: ["events:read"] });
  },

  async "a client that names no scope that there is asks for all of them"({ identity }) {
    const clientId = await newClient(identity);
    for (const scope of [null, "", "openid offline_access", "fake:scope"]) {
      const { pending } = await beAsked(identity, authorizeTarget(clientId, proof().challenge, { scope }));
      assert.deepEqual(pending.scopes, scopes);
    }
  },

  async "a person who refuses is the answer that the client gets, with who says so"({ identity }) {
    const clientId = await newClient(identity);
    const asked = await beAsked(identity, authorizeTarget(clientId, proof().challenge));
    const next = await identity.refuse(asked.request);
    const answer = await asked.browser.get(new URL(next ?? "").pathname);
    const { searchParams } = new URL(String(answer.headers["location"]));
    assert.deepEqual(
      ["error", "state", "iss"].map((name) => searchParams.get(name)),
      ["access_denied", "fake-state", issuer],
    );
    assert.equal(searchParams.get("code"), null);
  },

  async "only the browser that was asked can decide, and once"({ identity }) {
    const clientId = await newClient(identity);
    const target = authorizeTarget(clientId, proof().challenge);
    const { request, pending } = await beAsked(identity, target);
    const other = await beAsked(identity, target);
    const approval = { account, realm, scopes };
    const noCookie = { ...request, headers: [] };
    const crossed = { ...other.request, target: `/oauth/interaction/${pending.id}` };
    for (const it of [noCookie, crossed]) {
      assert.equal(await identity.pending(it), undefined);
      assert.equal(await identity.approve(it, approval), undefined);
      assert.equal(await identity.refuse(it), undefined);
    }
    assert.ok(await identity.approve(request, approval));
    assert.equal(await identity.approve(request, approval), undefined);
    assert.equal(await identity.refuse(request), undefined);
  },

  async "who was asked before is asked again, and nobody is granted anything unasked"({ identity }) {
    const clientId = await newClient(identity);
    const asked = await beAsked(identity, authorizeTarget(clientId, proof().challenge));
    await approved(identity, asked);
    const silent = await asked.browser.get(authorizeTarget(clientId, proof().challenge, { prompt: "none" }));
    const { searchParams } = new URL(String(silent.headers["location"]));
    assert.deepEqual([searchParams.get("error"), searchParams.get("iss")], ["login_required", issuer]);
    const again = await asked.browser.get(authorizeTarget(clientId, proof().challenge));
    assert.match(String(again.headers["location"]), /^\/oauth\/interaction\//);
  },

  async "an id token says who, signed by a key that all processes have"({ identity, another }) {
    const other = await another();
    const [one, two] = await Promise.all(
      [identity, other].map(async (it) => json(await new Visitor(it).get("/oauth/jwks"))),
    );
    assert.deepEqual(one, two);
    assert.equal(JSON.stringify(one).includes('"d"'), false);
    const clientId = await newClient(identity);
    const code = await newCode(identity, { clientId, params: { scope: "openid events:read" } });
    const idToken = String(json(await exchange(other, clientId, code))["id_token"]);
    const claims: unknown = JSON.parse(Buffer.from(idToken.split(".")[1] ?? "", "base64url").toString());
    assert.partialDeepStrictEqual(claims, { sub: account, iss: issuer, aud: clientId });
  },
};
