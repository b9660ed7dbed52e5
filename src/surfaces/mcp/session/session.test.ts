import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { sqliteStore } from "../../../engines/store/sqlite.ts";
import type { Principal } from "../../../kernel/principal.ts";
import type { Narrowing } from "../view.ts";
import { agreedWith, SessionLost, storedSessions, type Sessions } from "./session.ts";

const hour = 3_600_000;
const unnarrowed: Narrowing = { readOnly: false, toolsets: null, workspace: null };
const agreed = agreedWith({}, "2025-11-25", unnarrowed);

function principal(workspaces: readonly string[] = ["ws_b", "ws_a"], id = "key_1"): Principal {
  return {
    workspaces: new Map(workspaces.map((workspace) => [workspace, "all"])),
    actor: { kind: "key", id },
    credential: { kind: "api-key", id },
    confines: {},
    toolsets: [],
  };
}

function guest(who = principal(), workspace: string | null = null) {
  return { principal: who, narrowing: { ...unnarrowed, workspace } };
}

/** Two nodes on one store: what each remembers of its own is apart. */
async function nodes(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-sessions-"));
  const time = { now: 1_800_000_000_000 };
  const clock = { now: () => time.now };
  const store = sqliteStore(join(folder, "store.db"), clock);
  t.after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  const log: string[] = [];
  const node = (): Sessions => storedSessions({ store, clock, log: (line) => void log.push(line) });
  return { one: node(), other: node(), log, pass: (ms: number) => void (time.now += ms) };
}

async function begin(sessions: Sessions, who = principal()): Promise<string> {
  const session = await sessions.begin(who, agreed);
  assert.ok(session);
  return session.id;
}

test("what was agreed is found on every node, by its credential alone", async (t) => {
  const { one, other } = await nodes(t);
  const id = await begin(one);
  assert.partialDeepStrictEqual(await other.find(guest(), id), { id, ...agreed });
  await assert.rejects(other.find(guest(principal(undefined, "key_2")), id), SessionLost);
});

test("a session is over after a day without use, and lasts while it is used", async (t) => {
  const { one, other, pass } = await nodes(t);
  const [used, idle] = [await begin(one), await begin(one)];
  for (let n = 0; n < 3; n++) {
    pass(20 * hour);
    await other.find(guest(), used);
  }
  await assert.rejects(one.find(guest(), idle), SessionLost);
  await one.find(guest(), used);
});

test("an open stream keeps its session from being idle", async (t) => {
  const { one, other, pass } = await nodes(t);
  const id = await begin(one);
  for (let n = 0; n < 3; n++) {
    pass(20 * hour);
    await one.use(principal(), id);
  }
  await other.find(guest(), id);
});

test("no session lasts longer than a week, however it is used", async (t) => {
  const { one, pass } = await nodes(t);
  const id = await begin(one);
  for (let n = 0; n < 13; n++) {
    pass(12 * hour);
    await one.find(guest(), id);
  }
  pass(12 * hour);
  await assert.rejects(one.find(guest(), id), SessionLost);
});

test("a session that was ended stays so, although another node notes a use of it late", async (t) => {
  const { one, other, pass } = await nodes(t);
  const id = await begin(one);
  pass(hour);
  await one.end(principal(), id);
  await other.use(principal(), id);
  await assert.rejects(other.find(guest(), id), SessionLost);
  await assert.rejects(one.find(guest(), id), SessionLost);
  assert.equal((await one.live(principal())).has(id), false);
});

test("beyond two hundred of a credential the one that was idle longest ends", async (t) => {
  const { one, other, pass } = await nodes(t);
  const first = await begin(one);
  const idlest = await begin(one);
  pass(hour);
  for (let n = 0; n < 198; n++) await begin(one);
  await other.find(guest(), first);
  // Its use is noted behind the answer.
  await other.end(principal(), "mcp_0000000000000000000000");
  const last = await begin(one);
  await assert.rejects(one.find(guest(), idlest), SessionLost);
  for (const id of [first, last]) await one.find(guest(), id);
});

test("a principal without a workspace has no sessions", async (t) => {
  const { one } = await nodes(t);
  assert.equal(await one.begin(principal([]), agreed), undefined);
  await assert.rejects(one.find(guest(principal([])), "mcp_0000000000000000000000"), SessionLost);
  assert.equal((await one.live(principal([]))).size, 0);
});

test("a session narrowed to a workspace is that workspace's, though a request does not repeat it", async (t) => {
  const { one, other } = await nodes(t);
  const session = await one.begin(
    principal(),
    agreedWith({}, "2025-11-25", { ...unnarrowed, workspace: "ws_b" }),
  );
  assert.ok(session);
  assert.equal(session.owner.workspace, "ws_b");
  for (const asked of [null, "ws_b"])
    assert.equal((await other.find(guest(principal(), asked), session.id)).owner.workspace, "ws_b");
  await assert.rejects(other.find(guest(principal(), "ws_a"), session.id), SessionLost);
  await assert.rejects(other.find(guest(principal(["ws_a"])), session.id), SessionLost);
  assert.ok((await other.live(principal())).has(session.id));
});

test("a session of several workspaces is none of one of them, and a session of one may be asked for by its name", async (t) => {
  const { one } = await nodes(t);
  const ofSeveral = await begin(one);
  await assert.rejects(one.find(guest(principal(), "ws_a"), ofSeveral), SessionLost);
  const single = principal(["ws_a"]);
  await one.find(guest(single, "ws_a"), await begin(one, single));
});

/** Somebody with a personal key, who is in these workspaces by now. */
function person(...workspaces: readonly string[]): Principal {
  return {
    ...principal(workspaces),
    actor: { kind: "user", id: "usr_1" },
    credential: { kind: "personal-key", id: "key_1" },
  };
}

test("whoever gains a workspace keeps their sessions, and their streams, wherever it sorts", async (t) => {
  const { one, other } = await nodes(t);
  const [ofOne, ofTwo] = [await begin(one, person("ws_b")), await begin(one, person("ws_b", "ws_c"))];
  for (const gained of [person("ws_b", "ws_c", "ws_a"), person("ws_a", "ws_b", "ws_c", "ws_d")]) {
    const session = await other.find(guest(gained), ofOne);
    assert.deepEqual([session.owner.workspace, session.follows], ["ws_b", "ws_b"]);
    assert.equal((await other.find(guest(gained), ofTwo)).narrowing.workspace, null);
    assert.deepEqual([...(await one.live(gained))].toSorted(), [ofOne, ofTwo].toSorted());
  }
});

test("a session that began with one workspace is over with it, and one of several with the last of them", async (t) => {
  const { one } = await nodes(t);
  const [ofOne, ofTwo] = [await begin(one, person("ws_a")), await begin(one, person("ws_a", "ws_b"))];
  assert.equal((await one.find(guest(person("ws_b")), ofTwo)).follows, "ws_b");
  await assert.rejects(one.find(guest(person("ws_b")), ofOne), SessionLost);
  assert.deepEqual([...(await one.live(person("ws_b")))], [ofTwo]);
  await assert.rejects(one.find(guest(person()), ofTwo), SessionLost);
  assert.equal((await one.live(person())).size, 0);
});

test("a session that began with one workspace does not reach others that are gained", async (t) => {
  const { one } = await nodes(t);
  const id = await begin(one, person("ws_b"));
  const { narrowing } = await one.find(guest(person("ws_a", "ws_b")), id);
  assert.equal(narrowing.workspace, "ws_b");
  await assert.rejects(one.find(guest(person("ws_a", "ws_b"), "ws_a"), id), SessionLost);
});

test("what a client says of itself is cut to what is kept", () => {
  const said = {
    clientInfo: { name: "n".repeat(5_000), version: 7 },
    capabilities: { x: "y".repeat(5_000) },
  };
  const { client, capabilities } = agreedWith(said, "2025-11-25", {
    ...unnarrowed,
    toolsets: ["a"],
  });
  assert.equal(client.name.length, 200);
  assert.equal(client.version, "");
  assert.deepEqual(capabilities, {});
});
