import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { Agent, request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { compose, operations, type Sluice } from "../../src/compose.ts";
import { entryPlace } from "../../src/engines/identity/entry-place.ts";
import { grantsIn } from "../../src/engines/identity/grants.ts";
import { serverScope } from "../../src/registry/workspace.ts";
import { config } from "../../src/config.ts";
import { invoke } from "../../src/registry/invoke.ts";
import { pathParameters } from "../../src/registry/field.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { addMember, addPerson } from "../people.ts";
import { callerOf, principalFor } from "../world.ts";
import { eventually } from "./eventually.ts";
import { exampleKey, freshFolder } from "./server-process.ts";
import { startTarget, type Target } from "./target.ts";

type Output = Readonly<Record<string, unknown>>;

/** What calls are made about: everything that an example may need, made beforehand. */
type Made = {
  readonly targetUrl: string;
  readonly keyId: string;
  readonly environmentId: string;
  readonly bucketId: string;
  readonly logId: string;
  readonly changeId: string;
  readonly connectionId: string;
  readonly memberId: string;
  readonly invitationId: string;
  readonly personalKeyId: string;
  readonly requestId: string;
  readonly testServer: string;
  /** By kind. */
  readonly ruleIds: Readonly<Record<string, string>>;
};

const selection = { path: "/health/*" };

/** One good call of every operation that writes, made in this order; a new operation needs its line here. */
const examples: Readonly<Record<string, (made: Made) => Output>> = {
  create_endpoint: ({ targetUrl }) => ({ name: "another", targetUrl }),
  update_endpoint: () => ({ endpointId: "first", name: "renamed", timeoutSeconds: 5 }),
  set_endpoint_secret: () => ({ endpointId: "signed", secret: "github-dry-run-only-not-a-secret" }),
  rotate_signing_secret: () => ({ endpointId: "first" }),
  send_test: () => ({ endpointId: "first" }),
  replay_webhooks: ({ logId }) => ({ endpointId: "first", logIds: [logId] }),
  create_api_key: () => ({ name: "for nobody" }),
  create_mcp_token: () => ({ name: "for nobody", environment: "staging" }),
  create_management_token: () => ({ name: "for nobody", scopes: ["endpoints:read"] }),
  update_credential: ({ keyId }) => ({ credentialId: keyId, name: "for somebody" }),
  revoke_credential: ({ keyId }) => ({ credentialId: keyId }),
  create_environment: () => ({ name: "canary" }),
  delete_environment: ({ environmentId }) => ({ environmentId }),
  create_bucket: () => ({ name: "shop" }),
  delete_bucket: ({ bucketId }) => ({ bucketId }),
  update_connected_client: ({ connectionId }) => ({ connectionId, toolsets: ["traffic"] }),
  revoke_connected_client: ({ connectionId }) => ({ connectionId }),
  update_workspace: () => ({ name: "renamed" }),
  invite_member: () => ({ email: "bea@example.com" }),
  revoke_invitation: ({ invitationId }) => ({ invitationId }),
  update_member: ({ memberId }) => ({ memberId, role: "member" }),
  create_sign_in_link: ({ memberId }) => ({ memberId }),
  remove_member: ({ memberId }) => ({ memberId }),
  create_personal_key: () => ({ name: "for nobody" }),
  update_personal_key: ({ personalKeyId }) => ({ credentialId: personalKeyId, name: "for somebody" }),
  revoke_personal_key: ({ personalKeyId }) => ({ credentialId: personalKeyId }),
  leave_workspace: () => ({}),
  create_workspace: () => ({ name: "another" }),
  create_event: () => ({ type: "deployment", name: "1.0" }),
  minimise_request: ({ requestId, testServer }) => ({ requestId, target: testServer, sendsMax: 3 }),
  compare_versions: ({ testServer }) => ({ baseline: testServer, candidate: testServer }),
  create_redaction: () => ({ name: "tried", category: "coupon", match: { field: "coupon" } }),
  update_redaction: ({ ruleIds }) => ({ redactionId: ruleIds["redaction"], name: "renamed" }),
  delete_redaction: ({ ruleIds }) => ({ redactionId: ruleIds["redaction"] }),
  create_exclusion: () => ({ name: "tried", selection }),
  update_exclusion: ({ ruleIds }) => ({ exclusionId: ruleIds["exclusion"], name: "renamed" }),
  delete_exclusion: ({ ruleIds }) => ({ exclusionId: ruleIds["exclusion"] }),
  create_sampling: () => ({ name: "tried", selection, rate: 0.5 }),
  update_sampling: ({ ruleIds }) => ({ samplingId: ruleIds["sampling"], rate: 0.1 }),
  delete_sampling: ({ ruleIds }) => ({ samplingId: ruleIds["sampling"] }),
  create_block: () => ({ name: "tried", selection }),
  update_block: ({ ruleIds }) => ({ blockId: ruleIds["block"], name: "renamed" }),
  delete_block: ({ ruleIds }) => ({ blockId: ruleIds["block"] }),
  apply_redactions: () => ({}),
  merge_routes: () => ({ template: "/products/{slug}" }),
  split_route: () => ({ template: "/products/{slug}", names: ["search"] }),
  undo_change: ({ changeId }) => ({ changeId }),
  import_har: () => ({ har: { log: { entries: [] } } }),
  create_alert: ({ targetUrl }) => ({
    name: "errors",
    watch: { kind: "error_rate", above: 0.05 },
    targetUrl,
  }),
  update_alert: () => ({ alertId: "errors", windowMinutes: 10 }),
  test_alert: () => ({ alertId: "errors" }),
  delete_alert: () => ({ alertId: "errors" }),
  delete_endpoint: () => ({ endpointId: "first" }),
};

/** Done as a person: with a personal key, in place of the workspace's own. */
const personal: ReadonlySet<string> = new Set([
  "create_personal_key",
  "update_personal_key",
  "revoke_personal_key",
  "create_workspace",
  "leave_workspace",
]);

const writes = operations.filter((it) => it.effect !== "read");

/** A server in this process, so that its sockets and its engines can be watched. */
type Watched = {
  rest(it: Operation, input: Output): Promise<Output>;
  mcp(it: Operation, input: Output): Promise<Output>;
  /** Every row of every table of every database, while nothing is under way. */
  rows(): Promise<readonly string[]>;
  /** Client sockets made in this process, and names resolved and requests sent by the server, so far. */
  reached(): { readonly sockets: number; readonly outbound: number; readonly target: number };
  /** A client that somebody connected, by id. */
  connected(): Promise<string>;
  /** People in the workspace: one to try things on, and one who does things; answers the id of the first's membership. */
  peopled(): Promise<string>;
  readonly target: Target;
  readonly echoUrl: string;
};

async function watched(t: TestContext): Promise<Watched> {
  const folder = await freshFolder(t);
  const target = await startTarget(t);
  // Each delivery needs a new connection, so that one cannot hide behind an earlier one.
  target.behave((response) => response.writeHead(200, { connection: "close" }).end());
  const seen = { sockets: 0, outbound: 0 };
  const opened = channel("net.client.socket");
  const count = () => void seen.sockets++;
  opened.subscribe(count);
  const environment = {
    SLUICE_DATA_DIR: folder,
    SLUICE_PORT: "0",
    SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
    SLUICE_REPLAY_TARGETS: new URL(target.url).origin,
    SLUICE_BOOTSTRAP_API_KEY: exampleKey,
  };
  // That a key was used is noted once a minute: time stands still, so that it is noted by the first call alone.
  const now = Date.now();
  const sluice = await compose({
    config: config(environment),
    version: "0.0.0",
    log: (line) => t.diagnostic(line),
    wrap: (engines) => ({
      ...engines,
      clock: { now: () => now },
      outbound: {
        ...engines.outbound,
        send: (it) => (seen.outbound++, engines.outbound.send(it)),
        resolve: (url) => (seen.outbound++, engines.outbound.resolve(url)),
      },
    }),
  });
  // One connection for all calls, opened by the first.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(async () => {
    opened.unsubscribe(count);
    agent.destroy();
    await sluice.close();
  });
  let personalKey = "";
  const call = (method: string, path: string, body: unknown, key = exampleKey) =>
    exchange({ agent, url: `${sluice.url}${path}`, method, body, key });
  const files = readdirSync(folder).filter((name) => name.endsWith(".db") && name !== "lock.db");
  assert.deepEqual(files.toSorted(), ["counters.db", "store.db", "traffic.db"]);
  return {
    target,
    echoUrl: sluice.echoUrl,
    connected: () => connectedTo(sluice),
    async peopled() {
      const { key, memberId } = await peopleIn(sluice);
      personalKey = key;
      return memberId;
    },
    async rest(it, input) {
      const inPath = pathParameters(it.path);
      const path = it.path.replaceAll(/:(\w+)/g, (_, name: string) => String(input[name]));
      const others = Object.entries(input).filter(([name]) => !inPath.includes(name));
      const queried = it.verb === "GET" || it.verb === "DELETE";
      const query = new URLSearchParams(
        queried ? others.map(([name, value]): [string, string] => [name, String(value)]) : [],
      );
      const body = queried ? undefined : Object.fromEntries(others);
      const key = it.of === "person" || personal.has(it.name) ? personalKey : exampleKey;
      return call(it.verb, `/api/v1${path}?${query.toString()}`, body, key);
    },
    async mcp(it, input) {
      const params = { name: it.name, arguments: input };
      const answer = await call("POST", "/api/mcp", { jsonrpc: "2.0", id: 1, method: "tools/call", params });
      const { result } = answer as { result: { structuredContent: Output; isError?: boolean } };
      assert.notEqual(result.isError, true, JSON.stringify(answer));
      return result.structuredContent;
    },
    async rows() {
      await eventually("no open job", async () =>
        (await sluice.engines.traffic.queue.depth()).open === 0 ? true : undefined,
      );
      await eventually("no message under way", async () =>
        (await sluice.engines.store.outbox.pending(1)).length === 0 ? true : undefined,
      );
      return files.flatMap((name) => rowsOf(join(folder, name)));
    },
    reached: () => ({ ...seen, target: target.connections() }),
  };
}

type Exchange = {
  readonly agent: Agent;
  readonly url: string;
  readonly method: string;
  readonly body: unknown;
  readonly key: string;
};

async function exchange({ agent, url, method, body, key }: Exchange): Promise<Output> {
  const sent = request(url, {
    agent,
    method,
    headers: {
      authorization: `Bearer ${key}`,
      accept: "application/json, text/event-stream",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const answered = await text(response);
  assert.equal(response.statusCode, 200, `${method} ${url}: ${answered}`);
  return JSON.parse(answered) as Output;
}

/** Figures made from what is stored, by itself and at any moment. */
const derived = new Set(["rolled", "rollup", "ending_rollup", "unrolled", "summary", "interval_summary"]);

function rowsOf(path: string): readonly string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
  const stored = tables.filter(({ name }) => !derived.has(String(name)));
  const rows = stored.flatMap(({ name }) =>
    database
      .prepare(`select * from "${String(name)}"`)
      .all()
      // How far the catalogue of routes has come is noted at intervals.
      .filter((row) => name !== "entry" || !String(row["collection"]).startsWith("catalogue"))
      .map((row) => `${String(name)} ${JSON.stringify(row)}`),
  );
  database.close();
  return rows.toSorted();
}

async function connectedTo({ engines, publicUrl }: Sluice): Promise<string> {
  const { store, clock } = engines;
  const [first] = await store.records.every("workspace", { limit: 1 });
  const client = { id: "fake", name: "Fake Agent", uri: null, from: "registered", redirectUris: [] } as const;
  const approval = { account: "usr_fake", realm: first?.id ?? "", scopes: ["endpoints:read"] };
  return grantsIn(entryPlace(store, serverScope, clock), clock).approve(client, approval, `${publicUrl}/mcp`);
}

async function peopleIn({ engines }: Sluice): Promise<{ readonly key: string; readonly memberId: string }> {
  const [{ id: workspace } = { id: "" }] = await engines.store.records.every("workspace", { limit: 1 });
  const ada = await addPerson(engines, "Ada", { password: null });
  const memberId = await addMember(engines, { workspace, user: ada.id, role: "viewer" });
  const eva = await addPerson(engines, "Eva", { password: null });
  await addMember(engines, { workspace, user: eva.id, role: "admin" });
  const caller = callerOf(principalFor({ of: "person" }, workspace, "all"));
  const principal = { ...caller.principal, actor: { kind: "user", id: eva.id } } as const;
  const input = { name: "of Eva" };
  const { secret } = await invoke(operation("create_personal_key"), input, { ...caller, principal }, engines);
  return { key: String(secret), memberId };
}

function operation(name: string): Operation {
  const found = operations.find((it) => it.name === name);
  assert.ok(found, name);
  return found;
}

async function made({ rest, connected, peopled, target, echoUrl }: Watched): Promise<Made> {
  const memberId = await peopled();
  const { id: personalKeyId } = await rest(operation("create_personal_key"), { name: "to be revoked" });
  const { id: invitationId } = await rest(operation("invite_member"), { email: "ada.too@example.com" });
  await rest(operation("create_endpoint"), { name: "first", targetUrl: target.url });
  await rest(operation("create_endpoint"), { name: "signed", targetUrl: target.url, provider: "github" });
  const { ingestUrl } = await rest(operation("get_endpoint"), { endpointId: "first" });
  const { id } = (await (await fetch(String(ingestUrl), { method: "POST", body: "{}" })).json()) as {
    id: string;
  };
  const { id: keyId } = await rest(operation("create_api_key"), { name: "to be revoked" });
  await rest(operation("create_endpoint"), { name: "regretted", targetUrl: target.url });
  const { id: environmentId } = await rest(operation("create_environment"), { name: "old" });
  const { id: bucketId } = await rest(operation("create_bucket"), { name: "old" });
  const { changes } = await rest(operation("list_changes"), { operation: "create_endpoint", limit: 1 });
  const [{ changeId } = { changeId: "" }] = changes as readonly { readonly changeId: string }[];
  const ruleIds: Record<string, string> = {};
  for (const noun of ["redaction", "exclusion", "sampling", "block"]) {
    const about = {
      name: "to be changed",
      ...(noun === "redaction" ? { category: "x", match: { field: "x" } } : { selection }),
    };
    const { id: ruleId } = await rest(operation(`create_${noun}`), {
      ...about,
      ...(noun === "sampling" && { rate: 1 }),
    });
    ruleIds[noun] = String(ruleId);
  }
  return {
    ruleIds,
    requestId: await captured(String(ingestUrl)),
    testServer: new URL(target.url).origin,
    targetUrl: echoUrl,
    keyId: String(keyId),
    logId: id,
    changeId,
    environmentId: String(environmentId),
    bucketId: String(bucketId),
    connectionId: await connected(),
    memberId,
    invitationId: String(invitationId),
    personalKeyId: String(personalKeyId),
  };
}

/** A request that was captured, as an agent sends it; answers its id. */
async function captured(anyUrl: string): Promise<string> {
  const { origin } = new URL(anyUrl);
  const headers = { authorization: `Bearer ${exampleKey}` };
  const startedAt = Date.now() - 60_000;
  const record = {
    startedAt,
    durationMs: 1,
    method: "POST",
    host: "api.example.com",
    target: "/",
    status: 503,
  };
  const body = JSON.stringify({
    agent: { name: "test", version: "1" },
    records: [{ ...record, outcome: "answered", request: { headers: [["x-tenant", "acme"]] } }],
  });
  const sent = await fetch(`${origin}/capture/v1/batches`, { method: "POST", headers, body });
  assert.equal(sent.status, 202, await sent.text());
  const found = await fetch(`${origin}/api/v1/requests`, { headers });
  const { requests } = (await found.json()) as { requests: readonly { id: string }[] };
  return requests[0]?.id ?? "";
}

test("every operation that writes has an example here", () => {
  assert.deepEqual(writes.map(({ name }) => name).toSorted(), Object.keys(examples).toSorted());
});

test("a dry run leaves every row of every database as it is and opens no socket", async (t) => {
  const server = await watched(t);
  const about = await made(server);
  let opened = 0;
  for (const [name, example] of Object.entries(examples)) {
    const it = operation(name);
    const input = example(about);
    for (const surface of it.reach === "people" ? (["rest"] as const) : (["rest", "mcp"] as const))
      await t.test(`${name} over ${surface}`, async () => {
        const before = await server.rows();
        const reachedBefore = server.reached();
        const answer = await server[surface](it, { ...input, dryRun: true });
        assert.equal(answer["dryRun"], true);
        assert.deepEqual(await server.rows(), before);
        assert.deepEqual(server.reached(), reachedBefore);
      });
    await t.test(`${name} without dryRun does leave something, so that the comparison can fail`, async () => {
      const before = await server.rows();
      const reachedBefore = server.reached();
      assert.equal("dryRun" in (await server.rest(it, input)), false);
      assert.notDeepEqual(await server.rows(), before);
      const reached = server.reached();
      if (reached.sockets > reachedBefore.sockets && reached.outbound > reachedBefore.outbound) opened++;
    });
  }
  await t.test("what was done in earnest did open sockets, so that the counts can rise", () => {
    assert.ok(opened > 0);
  });
});
