// What a model's window is filled with before it has done anything, in a whole server.
import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { operations, toolsets } from "../../src/compose.ts";
import { createManagementToken } from "../../src/planes/account/operations/create-management-token.ts";
import { createMcpToken } from "../../src/planes/account/operations/create-mcp-token.ts";
import { createPersonalKey } from "../../src/planes/account/operations/create-personal-key.ts";
import { invoke, type Output } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { callerOf, principalFor, principalOf } from "../world.ts";
import { ask, sender } from "./mcp-wire.ts";
import { connect, openOauthWorld, type OauthWorld } from "./oauth-world.ts";

/** Of a list that shows one toolset, with what belongs to every view. */
const tokensMax = 4_000;

let world: OauthWorld;
before(async () => (world = await openOauthWorld()));
after(() => world.close());

type Listed = { readonly names: readonly string[]; readonly tokens: number };
type Headers = Readonly<Record<string, string>>;

const bearing = (key: string): Headers => ({ authorization: `Bearer ${key}` });

/** What is served. `_meta` is for programs, and clients keep it from their models. */
async function listed(headers: Headers, query = ""): Promise<Listed> {
  const { json } = await sender(() => new URL(`${world.url}/api/mcp${query}`))(ask("tools/list"), headers);
  const tools = json.result.tools.map((tool) => ({ ...tool, _meta: undefined }));
  return { names: tools.map(({ name }) => name), tokens: encode(JSON.stringify({ tools })).length };
}

async function secretOf(it: Operation, input: Output): Promise<string> {
  const owner = callerOf(principalOf(world.workspace, "all"));
  return String((await invoke(it, input, owner, world.sluice.engines))["secret"]);
}

function fits(t: TestContext, what: string, { names, tokens }: Listed): void {
  t.diagnostic(`${what}: ${tokens} tokens, ${names.length} tools`);
  assert.ok(tokens <= tokensMax, `${what} takes ${tokens}`);
}

test("the list of each toolset takes at most 4,000 tokens of a model's window, as it is served", async (t) => {
  const always = [...toolsets.everyView].toSorted();
  assert.deepEqual(always, ["describe_operation", "list_changes", "undo_change", "whoami"]);
  for (const name of toolsets.names) {
    const it = await listed(bearing(world.key), `?toolsets=${name}`);
    const own = operations.filter((one) => one.reach === "everywhere" && toolsets.of(one) === name);
    const expected = new Set([...own.map((one) => one.name), ...always]);
    assert.deepEqual(it.names.toSorted(), [...expected].toSorted(), name);
    fits(t, name, it);
  }
});

test("so do the views that credentials have unless others are chosen, where they are of one toolset", async (t) => {
  fits(t, "API key", await listed(bearing(world.key)));
  const mcpToken = await secretOf(createMcpToken, { name: "agent", environment: "production" });
  fits(t, "MCP token", await listed(bearing(mcpToken)));
  for (const plane of ["webhooks", "traffic"]) {
    const scopes = new Set(operations.filter((it) => toolsets.of(it) === plane).map(({ scope }) => scope));
    const input = { name: plane, scopes: [...scopes, "workspace:read", "changes:read", "changes:write"] };
    const secret = await secretOf(createManagementToken, { ...input, toolsets: [plane] });
    fits(t, `management token for ${plane}`, await listed({ "x-management-token": secret }));
  }
});

test("views of several toolsets may take more, and list 40 tools at most", async (t) => {
  const person = await world.newPerson({ [world.workspace]: "owner" });
  const own = {
    ...principalFor(createPersonalKey, world.workspace, "all"),
    actor: { kind: "user", id: person.id },
  } as const;
  const made = await invoke(createPersonalKey, { name: "laptop" }, callerOf(own), world.sluice.engines);
  const { access } = await connect(world, person);
  const scopes = [...new Set(operations.map(({ scope }) => scope))];
  const secret = await secretOf(createManagementToken, { name: "all", scopes });
  for (const [what, headers] of [
    ["personal key", bearing(String(made["secret"]))],
    ["OAuth token", bearing(access)],
    ["management token with every scope", { "x-management-token": secret }],
  ] as const) {
    const { names, tokens } = await listed(headers);
    t.diagnostic(`${what}: ${tokens} tokens, ${names.length} tools`);
    assert.ok(names.length > toolsets.everyView.size && names.length <= 40, what);
  }
});
