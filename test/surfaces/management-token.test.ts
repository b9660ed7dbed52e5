import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createManagementToken } from "../../src/planes/account/operations/create-management-token.ts";
import { sessions } from "../../src/planes/account/people/sessions.ts";
import { asking } from "../journeys/asking.ts";
import { readEvents } from "./event-reader.ts";
import { ask } from "./mcp-wire.ts";
import { openOauthWorld, type OauthWorld, type Person } from "./oauth-world.ts";

let world: OauthWorld;
let ada: Person;
/** May read endpoints and say who it is, and nothing else. */
let token = "";
let tokenId = "";
before(async () => {
  world = await openOauthWorld();
  ada = await world.newPerson({ [world.workspace]: "owner" });
  const scopes = ["endpoints:read", "workspace:read"];
  const made = await asking(world.url, world.key)(createManagementToken, { name: "ci", scopes });
  ({ secret: token, id: tokenId } = made);
});
after(() => world.close());

type Headers = Readonly<Record<string, string>>;
type Told = {
  readonly status: number;
  readonly actor: string;
  readonly detail: string;
  readonly hint: string;
  readonly challenge: string | null;
};

/** Who the server takes the sender of these headers for. */
async function whoami(headers: Headers): Promise<Told> {
  const answer = await fetch(`${world.url}/api/v1/whoami`, { headers });
  const json = (await answer.json()) as {
    readonly actor?: { readonly id: string };
    readonly detail?: string;
    readonly hint?: string;
  };
  const { actor, detail = "", hint = "" } = json;
  const challenge = answer.headers.get("www-authenticate");
  return { status: answer.status, actor: actor?.id ?? "", detail, hint, challenge };
}

/** As `Browser` sends it, whose cookies are its own. */
async function cookieOf(): Promise<string> {
  const { engines } = world.sluice;
  const { cookie } = await sessions(engines).begin(ada.id, { client: "test", remoteAddress: "127.0.0.1" });
  return cookie.split(";")[0] ?? "";
}

test("X-Management-Token alone counts where a key or a session is sent too, whether it does or not", async () => {
  const cookie = await cookieOf();
  const others: readonly Headers[] = [
    {},
    { authorization: `Bearer ${world.key}` },
    { authorization: "Bearer mk_fake" },
    { authorization: "no scheme at all" },
    { cookie },
    { authorization: `Bearer ${world.key}`, cookie },
  ];
  for (const other of others)
    assert.equal((await whoami({ ...other, "x-management-token": token })).actor, tokenId);
  assert.notEqual((await whoami({ authorization: `Bearer ${world.key}` })).actor, tokenId);
  assert.equal((await whoami({ cookie })).actor, ada.id);
  for (const other of others)
    assert.equal((await whoami({ ...other, "x-management-token": "mgt_fake" })).status, 401);
  const written = await fetch(`${world.url}/api/v1/endpoints`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${world.key}`,
      "x-management-token": token,
      "content-type": "application/json",
    },
    body: JSON.stringify({ name: "orders", targetUrl: world.sluice.echoUrl }),
  });
  assert.equal(written.status, 403, "what the key could do is not lent to the token");
});

test("one that is malformed, not filled in, unknown or in the wrong header is 401 and says what to do", async () => {
  const flipped = token.endsWith("0") ? "1" : "0";
  const cases: readonly (readonly [Headers, detail: RegExp, hint: RegExp])[] = [
    [{ "x-management-token": "mgt_fake" }, /holds no management token/, /mgt_/],
    [{ "x-management-token": world.key }, /holds no management token/, /mgt_/],
    [{ "x-management-token": `Bearer ${token}` }, /holds no management token/, /mgt_/],
    [{ "x-management-token": "${SLUICE_TOKEN}" }, /unexpanded placeholder/, /set that variable/],
    [{ "x-management-token": token.slice(0, -1) + flipped }, /not known/, /mistyped or cut off/],
    [
      { authorization: `Bearer ${token}` },
      /not taken from the Authorization header/,
      /X-Management-Token: mgt_/,
    ],
  ];
  for (const [headers, detail, hint] of cases) {
    const told = await whoami(headers);
    assert.deepEqual([told.status, told.challenge], [401, "Bearer"]);
    assert.match(told.detail, detail);
    assert.match(told.hint, hint);
    assert.ok(!`${told.detail}${told.hint}`.includes(token));
  }
});

test("management tokens work at every address of MCP, with their scopes and no more", async () => {
  const headers = { "x-management-token": token };
  for (const path of ["/api/mcp", "/mcp", "/mcp/sse"]) {
    const call = async (name: string, args: object) => {
      const body = JSON.stringify(ask("tools/call", { name, arguments: args }));
      const answer = await fetch(world.url + path, { method: "POST", headers, body });
      assert.equal(answer.status, 200, path);
      const { result } = (await answer.json()) as {
        readonly result: {
          readonly isError?: boolean;
          readonly content: readonly { readonly text: string }[];
        };
      };
      return { isError: result.isError === true, text: result.content[0]?.text ?? "" };
    };
    assert.equal((await call("list_endpoints", {})).isError, false, path);
    const refused = await call("create_endpoint", { name: "orders", targetUrl: world.sluice.echoUrl });
    assert.equal(refused.isError, true, path);
    assert.match(refused.text, /endpoints:write/);
  }
  const stream = await readEvents(new URL(`${world.url}/mcp/sse`), { headers });
  const address = (await stream.next())?.data ?? "";
  const body = JSON.stringify(ask("tools/call", { name: "list_endpoints", arguments: {} }, 7));
  const posted = await fetch(world.url + address, { method: "POST", headers, body });
  assert.equal(posted.status, 202);
  assert.equal((await stream.message()).id, 7);
  stream.leave();
});
