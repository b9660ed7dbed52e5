import assert from "node:assert/strict";
import type { Send } from "../../../kernel/send.ts";
import { unusedClientMs } from "../identity.ts";
import {
  authorizeTarget,
  beAsked,
  builtIn,
  errorOf,
  exchange,
  issuer,
  json,
  newClient,
  newCode,
  newTokens,
  pageOf,
  proof,
  register,
  resources,
  scopes,
  second,
  Visitor,
  type Promises,
  type Trial,
} from "./trial.ts";

const documentUrl = "https://client.fake.example/oauth/client.json";

function documentOf(metadata: object): Awaited<ReturnType<Send>> {
  return {
    kind: "answered",
    status: 200,
    headers: [["content-type", "application/json"]],
    body: Buffer.from(JSON.stringify(metadata)),
    truncated: false,
    broken: null,
  };
}

const document = {
  client_id: documentUrl,
  client_name: "Fake Editor",
  client_uri: "https://client.fake.example",
  redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"],
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token"],
};

/** What a browser is told that was sent by an unfit client, without leaving. */
async function errorPage({ identity }: Pick<Trial, "identity">, target: string): Promise<string> {
  const answer = await new Visitor(identity).get(target);
  assert.equal(answer.headers["location"], undefined);
  assert.ok(answer.status >= 400);
  return pageOf(answer, "error").error;
}

/** Who may ask, how, and where the answer goes. */
export const clientPromises: Promises = {
  async "what it can do is said at both addresses, with itself as the issuer"({ identity }) {
    for (const name of ["oauth-authorization-server", "openid-configuration"]) {
      const answer = await new Visitor(identity).get(`/.well-known/${name}`);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      const metadata = json(answer);
      assert.partialDeepStrictEqual(metadata, {
        issuer,
        authorization_endpoint: `${issuer}/oauth/authorize`,
        token_endpoint: `${issuer}/oauth/token`,
        registration_endpoint: `${issuer}/oauth/register`,
        revocation_endpoint: `${issuer}/oauth/revoke`,
        device_authorization_endpoint: `${issuer}/oauth/device/authorize`,
        jwks_uri: `${issuer}/oauth/jwks`,
        code_challenge_methods_supported: ["S256"],
        response_types_supported: ["code"],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
      });
      assert.deepEqual(metadata["scopes_supported"], [
        "openid",
        "offline_access",
        ...scopes,
        "tags:write",
        "keys:write",
      ]);
    }
  },

  async "addresses are made from the issuer, whatever host a request names"({ identity }) {
    const request = new Visitor(identity).request("GET", "/.well-known/oauth-authorization-server");
    const headers = [
      ["host", "evil.example"],
      ["x-forwarded-host", "evil.example"],
      ["x-forwarded-proto", "https"],
      ["forwarded", "host=evil.example"],
    ] as const;
    assert.doesNotMatch((await identity.handle({ ...request, headers })).body ?? "", /evil/);
  },

  async "cookies are for the issuer alone, and for TLS where it has it"({ identity, another }) {
    for (const [it, secure] of [
      [identity, false],
      [await another({ issuer: "https://sluice.fake.example" }), true],
    ] as const) {
      const browser = new Visitor(it);
      const resource = `${secure ? "https://sluice.fake.example" : issuer}/mcp`;
      await browser.get(authorizeTarget(await newClient(it), proof().challenge, { resource }));
      assert.ok(browser.setCookies.length >= 2);
      for (const line of browser.setCookies) {
        assert.match(line, /; httponly/i);
        assert.match(line, /; samesite=lax/i);
        assert.equal(/; secure/i.test(line), secure, line);
      }
    }
  },

  async "PKCE is required, and plain is no PKCE"({ identity }) {
    const clientId = await newClient(identity);
    for (const params of [
      { code_challenge: null, code_challenge_method: null },
      { code_challenge_method: "plain" },
      { code_challenge_method: null },
    ]) {
      const answer = await new Visitor(identity).get(authorizeTarget(clientId, proof().challenge, params));
      const { searchParams } = new URL(String(answer.headers["location"]));
      assert.deepEqual([searchParams.get("error"), searchParams.get("iss")], ["invalid_request", issuer]);
    }
    const { code } = await newCode(identity, { clientId });
    const answer = await exchange(identity, clientId, { code, verifier: "" });
    assert.deepEqual(errorOf(answer), [400, "invalid_grant"]);
  },

  async "nobody is sent to an address that is not registered, not even with an error"(trial) {
    const clientId = await newClient(trial.identity, {
      redirect_uris: [
        "http://127.0.0.1/callback",
        "https://app.fake.example:8443/callback",
        "cursor://fake/callback",
      ],
    });
    for (const redirect_uri of [
      "http://127.0.0.1/callback/",
      "http://127.0.0.1/other",
      "http://127.0.0.1/callback?next=evil",
      "http://127.0.0.2/callback",
      "http://127.0.0.1@evil.example/callback",
      "https://127.0.0.1/callback",
      "https://app.fake.example/callback",
      "https://app.fake.example:9443/callback",
      "https://app.fake.example:8443/callback/../evil",
      "https://app.fake.example.evil.example:8443/callback",
      "http://app.fake.example:8443/callback",
      "cursor://fake/other",
      "vscode://fake/callback",
      "javascript:alert(1)",
      "//evil.example",
    ]) {
      const bad = { redirect_uri, response_type: "token" };
      for (const params of [{ redirect_uri }, bad]) {
        const error = await errorPage(trial, authorizeTarget(clientId, proof().challenge, params));
        assert.equal(error, "invalid_redirect_uri", redirect_uri);
      }
    }
    for (const params of [{ client_id: "unknown" }, { client_id: null }, { redirect_uri: null }])
      await errorPage(trial, authorizeTarget(clientId, proof().challenge, params));
  },

  async "a client on the same computer is answered at any port, others exactly where they registered"({
    identity,
  }) {
    const uris = [
      "http://localhost/callback",
      "http://[::1]/callback",
      "https://app.fake.example/cb",
      "vscode://a.b/cb",
    ];
    const clientId = await newClient(identity, { redirect_uris: uris });
    const asked = ["http://localhost:49152/callback", "http://[::1]:3000/callback", ...uris.slice(2)];
    for (const redirect_uri of asked) {
      const { pending } = await beAsked(
        identity,
        authorizeTarget(clientId, proof().challenge, { redirect_uri }),
      );
      assert.equal(pending.redirectUri, redirect_uri);
    }
  },

  async "a token is made out to one of our own resources, by default the first"({ identity }) {
    const clientId = await newClient(identity);
    for (const { path } of resources) {
      const { access } = await newTokens(identity, { clientId, params: { resource: issuer + path } });
      assert.equal((await identity.token(access))?.audience, issuer + path);
    }
    const { access } = await newTokens(identity, { clientId, params: { resource: null } });
    assert.equal((await identity.token(access))?.audience, `${issuer}/mcp`);
    for (const resource of [
      issuer,
      `${issuer}/mcp/x`,
      "https://evil.example/mcp",
      "urn:x",
      `${issuer}/mcp#x`,
    ]) {
      const answer = await new Visitor(identity).get(
        authorizeTarget(clientId, proof().challenge, { resource }),
      );
      const { searchParams } = new URL(String(answer.headers["location"]));
      assert.deepEqual([searchParams.get("error"), searchParams.get("iss")], ["invalid_target", issuer]);
    }
    const params = { resource: `${issuer}/api/v1`, scope: null };
    const asked = await beAsked(identity, authorizeTarget(clientId, proof().challenge, params));
    assert.deepEqual(asked.pending.scopes, [...scopes, "tags:write"]);
    const code = await newCode(identity, { clientId });
    const elsewhere = await exchange(identity, clientId, code, { resource: `${issuer}/api/v1` });
    assert.deepEqual(errorOf(elsewhere), [400, "invalid_target"]);
    const both = `${authorizeTarget(clientId, proof().challenge)}&resource=${issuer}/api/v1`;
    const answer = await new Visitor(identity).get(both);
    assert.match(String(answer.headers["location"]), /error=invalid_target/);
  },

  async "what is reserved is offered to built-in clients alone, whatever others ask for"({ identity }) {
    const params = { resource: `${issuer}/api/v1`, scope: "keys:write events:read" };
    const own = await beAsked(identity, authorizeTarget(builtIn.id, proof().challenge, params));
    assert.deepEqual(own.pending.scopes, ["events:read", "keys:write"]);
    const other = await beAsked(
      identity,
      authorizeTarget(await newClient(identity), proof().challenge, params),
    );
    assert.deepEqual(other.pending.scopes, ["events:read"]);
    const { access } = await newTokens(identity, {
      clientId: await newClient(identity),
      params,
      approval: {
        scopes: ["keys:write", "events:read"],
      },
    });
    assert.deepEqual((await identity.token(access))?.scopes, ["events:read"]);
  },

  async "a registration may not bar itself from asking for more, nor call itself what it is not"({
    identity,
    accepted,
  }) {
    const answer = await register(identity, { scope: "events:read fake:scope", application_type: "web" });
    assert.equal(answer.status, 201);
    assert.partialDeepStrictEqual(json(answer), { application_type: "native", client_name: "Fake Client" });
    assert.equal(json(answer)["scope"], undefined);
    assert.equal(json(answer)["client_secret"], undefined);
    const clientId = String(json(answer)["client_id"]);
    assert.deepEqual(accepted, [`${clientId} registered from 192.0.2.7`]);
    const { access } = await newTokens(identity, { clientId });
    assert.deepEqual((await identity.token(access))?.scopes, scopes);
    const bare = json(
      await register(identity, { client_name: undefined, redirect_uris: ["https://a.example/cb"] }),
    );
    assert.equal(bare["application_type"], "native");
  },

  async "a registration that is no such thing, or answers to a stranger, is refused with what is wrong"({
    identity,
  }) {
    const uris = [
      "http://app.fake.example/cb",
      "javascript:alert(1)",
      "data:text/html,x",
      "fake://x",
      "https://a.example/#x",
      "https://user@a.example/",
      "nothing",
      `https://a.example/${"x".repeat(500)}`,
    ];
    for (const uri of uris) {
      const answer = await register(identity, { redirect_uris: [uri] });
      assert.equal(answer.status, 400, uri);
      assert.match(String(json(answer)["error"]), /^invalid_(redirect_uri|client_metadata)$/);
    }
    for (const metadata of [
      { redirect_uris: [] },
      { redirect_uris: "https://a.example" },
      { redirect_uris: Array.from({ length: 21 }, (_, i) => `https://a.example/${i}`) },
      { client_name: "x".repeat(101) },
      { client_name: "right\u202Eto left" },
      { client_name: 5 },
      { grant_types: ["client_credentials"] },
      { token_endpoint_auth_method: "private_key_jwt" },
    ])
      assert.equal((await register(identity, metadata)).status, 400, JSON.stringify(metadata));
    assert.equal(
      (await register(identity, { client_uri: `https://a.example/${"x".repeat(17_000)}` })).status,
      413,
    );
    const request = new Visitor(identity).request("POST", "/oauth/register");
    for (const body of ["", "[]", "nonsense", "null"]) {
      const headers = [["content-type", "application/json"]] as const;
      const answer = await identity.handle({ ...request, headers, body: Buffer.from(body) });
      assert.equal(answer.status, 400, body);
    }
  },

  async "too many registrations, requests or guesses from one address are refused"({ identity, refused }) {
    const clientId = await newClient(identity);
    refused.add("register").add("authorize").add("device-code");
    assert.equal((await register(identity)).status, 429);
    const visitor = new Visitor(identity);
    assert.equal((await visitor.get(authorizeTarget(clientId, proof().challenge))).status, 429);
    assert.equal((await visitor.post("/oauth/device/authorize", { client_id: builtIn.id })).status, 429);
    assert.equal((await visitor.post("/oauth/device", { user_code: "BCDF-GHJK" })).status, 429);
  },

  async "a client that nobody approved is forgotten after a day, and one that somebody did is kept"({
    identity,
    pass,
    another,
  }) {
    const unused = await newClient(identity);
    const used = await newClient(identity);
    await newTokens(identity, { clientId: used });
    pass(unusedClientMs + second);
    for (const it of [identity, await another()]) {
      await errorPage({ identity: it }, authorizeTarget(unused, proof().challenge));
      await newTokens(it, { clientId: used });
      const answer = await exchange(it, unused, { code: "x", verifier: "x" });
      assert.deepEqual(errorOf(answer), [401, "invalid_client"]);
    }
  },

  async "a client with a secret has to know it, and it is not kept as it is"({ identity, entries }) {
    const answer = await register(identity, { token_endpoint_auth_method: "client_secret_post" });
    const clientId = String(json(answer)["client_id"]);
    const secret = String(json(answer)["client_secret"]);
    assert.ok(secret.length >= 64);
    const code = await newCode(identity, { clientId });
    for (const form of [{}, { client_secret: "fake" }])
      assert.deepEqual(errorOf(await exchange(identity, clientId, code, form)), [401, "invalid_client"]);
    assert.equal((await exchange(identity, clientId, code, { client_secret: secret })).status, 200);
    assert.equal(JSON.stringify(await entries.list("server", "oauth/Client", 10)).includes(secret), false);
  },

  async "no token or code can be read from what is kept"({ identity, entries }) {
    const clientId = await newClient(identity);
    const code = await newCode(identity, { clientId });
    const { access, refresh } = await newTokens(identity, { clientId });
    const models = ["AccessToken", "RefreshToken", "AuthorizationCode", "Session"];
    const kept = await Promise.all(models.map((model) => entries.list("server", `oauth/${model}`, 100)));
    assert.ok(kept.every((it) => it.length > 0));
    for (const text of [access, refresh, code.code]) assert.equal(JSON.stringify(kept).includes(text), false);
  },

  async "a client is described at the address that is its id, which is read once"({
    identity,
    documents,
    reads,
    accepted,
  }) {
    documents.set(documentUrl, async () => documentOf(document));
    for (let i = 0; i < 3; i++) {
      const params = { redirect_uri: "http://localhost:51234/callback" };
      const { pending } = await beAsked(identity, authorizeTarget(documentUrl, proof().challenge, params));
      assert.deepEqual(
        [pending.client.name, pending.client.uri, pending.client.from],
        ["Fake Editor", "https://client.fake.example", "document"],
      );
    }
    assert.deepEqual(reads, [documentUrl]);
    assert.deepEqual(accepted, [`${documentUrl} document from 192.0.2.7`]);
    const { access } = await newTokens(identity, { clientId: documentUrl });
    assert.equal((await identity.token(access))?.client.name, "Fake Editor");
  },

  async "a document that is moved, huge, slow, out of reach, of somebody else or unfit makes no client"(
    trial,
  ) {
    const { documents, reads, refused, accepted } = trial;
    const bodies: Readonly<Record<string, Awaited<ReturnType<Send>>>> = {
      moved: {
        kind: "answered",
        status: 302,
        headers: [["location", documentUrl]],
        body: Buffer.alloc(0),
        truncated: false,
        broken: null,
      },
      huge: documentOf({ ...document, padding: "x".repeat(6_000) }),
      slow: { kind: "unreachable", message: "timeout" },
      cut: { ...documentOf(document), truncated: true, broken: "timeout" } as Awaited<ReturnType<Send>>,
      guarded: { kind: "refused", refusal: { message: "a private address", hint: "" } },
      other: documentOf({ ...document, client_id: "https://other.example/client.json" }),
      nameless: documentOf({ ...document, client_name: undefined }),
      secret: documentOf({ ...document, token_endpoint_auth_method: "client_secret_post" }),
      away: documentOf({ ...document, redirect_uris: ["http://evil.example/cb"] }),
      text: { ...documentOf({}), body: Buffer.from("<html>") } as Awaited<ReturnType<Send>>,
    };
    for (const [name, body] of Object.entries(bodies)) {
      const url = `https://client.fake.example/${name}.json`;
      const own = body.kind === "answered" && name !== "other" ? ownDocument(body, url) : body;
      documents.set(url, async () => own);
      const error = await errorPage(trial, authorizeTarget(url, proof().challenge));
      assert.match(error, /^invalid_(client|client_metadata|redirect_uri)$/, name);
    }
    refused.add("document");
    const before = reads.length;
    await errorPage(trial, authorizeTarget("https://another.example/c.json", proof().challenge));
    for (const id of ["http://client.fake.example/c.json", "https://user@client.fake.example/c.json"])
      await errorPage(trial, authorizeTarget(id, proof().challenge));
    assert.equal(reads.length, before);
    assert.deepEqual(accepted, []);
  },
};

function ownDocument(answer: Awaited<ReturnType<Send>>, url: string): Awaited<ReturnType<Send>> {
  if (answer.kind !== "answered") return answer;
  const text = Buffer.from(answer.body).toString().replace(documentUrl, url);
  return { ...answer, body: Buffer.from(text) };
}
