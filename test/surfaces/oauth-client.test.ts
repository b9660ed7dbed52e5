import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { FakeClient, freePort, openOauthWorld, type OauthWorld, type Person } from "./oauth-world.ts";

let world: OauthWorld;
before(async () => (world = await openOauthWorld()));
after(() => world.close());

/** Connects as MCP clients do that were given a URL and nothing else. */
async function connected(person: Person, provider = new FakeClient(person)) {
  const url = new URL(`${world.url}/api/mcp`);
  const open = () => new StreamableHTTPClientTransport(url, { authProvider: provider });
  const client = new Client({ name: "fake-agent", version: "1.0.0" });
  const first = open();
  await assert.rejects(client.connect(first), UnauthorizedError);
  await first.finishAuth(provider.callback ?? new URLSearchParams());
  const transport = open();
  await client.connect(transport);
  return { client, transport, provider };
}

test("a client that knows an address alone finds out how to sign in, is approved and calls", async () => {
  const ada = await world.newPerson({ [world.workspace]: "owner" });
  const { client, provider } = await connected(ada);
  assert.equal(provider.callback?.get("iss"), world.url);
  assert.match(provider.asked?.text ?? "", /Connect Fake Agent\?/);
  const { tools } = await client.listTools();
  assert.ok(tools.length > 5);
  const result = await client.callTool({ name: "list_endpoints", arguments: {} });
  assert.notEqual(result.isError, true);
  assert.match(JSON.stringify(result.structuredContent), /"endpoints":\[\]/);
  await client.close();
});

test("a client that was given too little asks its person for more, and goes on with the call", async () => {
  const ada = await world.newPerson({ [world.workspace]: "owner" });
  const provider = new FakeClient(ada);
  provider.change = (form) => {
    for (const name of Array.from(form.keys()))
      if (name.startsWith("scope.") && name !== "scope.endpoints:read") form.delete(name);
  };
  const { client, transport } = await connected(ada, provider);
  provider.change = () => {};
  const create = { name: "create_endpoint", arguments: { name: "a", targetUrl: world.sluice.echoUrl } };
  await assert.rejects(client.callTool(create), (error: Error) => {
    assert.ok(error instanceof UnauthorizedError, error.message);
    return true;
  });
  assert.match(provider.asked?.text ?? "", /Give Fake Agent more\?/);
  assert.match(provider.asked?.text ?? "", /Change endpoints\s*<span class="role">new<\/span>/);
  await transport.finishAuth(provider.callback ?? new URLSearchParams());
  const result = await client.callTool(create);
  assert.notEqual(result.isError, true, JSON.stringify(result));
  const grants = await world.sluice.engines.identity.grants({ account: ada.id });
  assert.equal(grants.length, 1);
  await client.close();
});

test("the official suite for authorization servers passes, and it did look", async () => {
  const ada = await world.newPerson({ [world.workspace]: "owner" });
  const register = await fetch(`${world.url}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Official Suite",
      redirect_uris: ["http://127.0.0.1/callback"],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id: clientId } = (await register.json()) as { client_id: string };
  const options = ["--url", world.url, "--client-id", clientId, "--resource", `${world.url}/mcp`];
  const suite = execFile(
    process.execPath,
    [
      "node_modules/@modelcontextprotocol/conformance/dist/index.js",
      "authorization",
      ...options,
      "-p",
      await freePort(),
    ],
    { timeout: 120_000 },
  );
  let output = "";
  let visited: Promise<unknown> | undefined;
  const hear = (chunk: Buffer | string) => {
    output += String(chunk);
    const link = /(http:\/\/127\.0\.0\.1:\d+\/oauth\/authorize\S+)/.exec(output)?.[1];
    if (link === undefined || visited !== undefined) return;
    visited = visit(ada, link);
  };
  suite.stdout?.on("data", hear);
  suite.stderr?.on("data", hear);
  const [code] = (await once(suite, "close")) as [number];
  await visited;
  assert.equal(code, 0, output);
  assert.match(output, /3 passed, 0 failed/, output);
});

/** Opens what the suite asks a person to open, approves and hands the answer to the suite's own listener. */
async function visit({ browser }: Person, link: string): Promise<void> {
  await browser.decide(await browser.open(link), "approve");
  const answer = await fetch(browser.left ?? "");
  await answer.body?.cancel();
}
