import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { entryPlace } from "../../src/engines/identity/entry-place.ts";
import { grantsIn } from "../../src/engines/identity/grants.ts";
import { newId } from "../../src/kernel/id.ts";
import { pageBytesMax } from "../../src/kernel/page.ts";
import type { Principal } from "../../src/kernel/principal.ts";
import { createBucket } from "../../src/planes/account/operations/create-bucket.ts";
import { createEnvironment } from "../../src/planes/account/operations/create-environment.ts";
import { createPersonalKey } from "../../src/planes/account/operations/create-personal-key.ts";
import { inviteMember } from "../../src/planes/account/operations/invite-member.ts";
import { listBuckets } from "../../src/planes/account/operations/list-buckets.ts";
import { listConnectedClients } from "../../src/planes/account/operations/list-connected-clients.ts";
import { listCredentials } from "../../src/planes/account/operations/list-credentials.ts";
import { listEnvironments } from "../../src/planes/account/operations/list-environments.ts";
import { listInvitations } from "../../src/planes/account/operations/list-invitations.ts";
import { listMembers } from "../../src/planes/account/operations/list-members.ts";
import { listPersonalKeys } from "../../src/planes/account/operations/list-personal-keys.ts";
import { listWorkspaces } from "../../src/planes/account/operations/list-workspaces.ts";
import { revokePersonalKey } from "../../src/planes/account/operations/revoke-personal-key.ts";
import { updateWorkspace } from "../../src/planes/account/operations/update-workspace.ts";
import { planes } from "../../src/planes/planes.ts";
import { createAlert } from "../../src/planes/traffic/alerts/operations/create-alert.ts";
import { listAlerts } from "../../src/planes/traffic/alerts/operations/list-alerts.ts";
import { createEvent } from "../../src/planes/traffic/operations/create-event.ts";
import { getErrors } from "../../src/planes/traffic/operations/get-errors.ts";
import { listDrift } from "../../src/planes/traffic/operations/list-drift.ts";
import { listEvents } from "../../src/planes/traffic/operations/list-events.ts";
import { listRoutes } from "../../src/planes/traffic/operations/list-routes.ts";
import { searchRequests } from "../../src/planes/traffic/operations/search-requests.ts";
import { allRuleOperations } from "../../src/planes/traffic/rules/rules.ts";
import { listEndpoints } from "../../src/planes/webhooks/operations/list-endpoints.ts";
import { listLogs } from "../../src/planes/webhooks/operations/list-logs.ts";
import { listChanges } from "../../src/planes/account/operations/list-changes.ts";
import { invoke } from "../../src/registry/invoke.ts";
import { publicInput, type Operation } from "../../src/registry/operation.ts";
import { bringIn } from "../captured.ts";
import { addMember } from "../people.ts";
import { openRunningWorld, type MadeEndpoint, type RunningWorld } from "../running-world.ts";
import { seenApi } from "../seen-api.ts";
import { storeCredentials } from "../stored-credentials.ts";
import { trackedFiles } from "../tracked-files.ts";
import { callerOf, principalFor } from "../world.ts";
import { fuzz } from "./fuzzing.ts";

const walksEach = 15;
const pagesMax = 100;
const rowsMax = 12;

/** While a list is walked that has new rows at its end. */
const comeMax = 10;

/** How one more row comes about in a list, and what tells its rows apart. */
type List = {
  readonly rows: string;
  readonly id: string;
  readonly input: object;
  add(world: RunningWorld, workspace: string, within: MadeEndpoint): Promise<unknown>;
};

const plain = { id: "id", input: {} } as const;
let names = 0;
const newName = (): string => `one-more-${names++}`;

let routes = 0;

/** Long ago, so that it is new to a bucket that is known. */
async function addRoute({ engines }: RunningWorld, workspace: string): Promise<void> {
  const name = String(routes++).replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "");
  await seenApi({ engines, workspace }, [{ target: `/made-${name}`, agoMs: 2 * 3_600_000 }]);
}

async function addRequest({ engines }: RunningWorld, workspace: string): Promise<void> {
  await bringIn({ engines, workspace }, [{ status: 500 }]);
}

const lists: ReadonlyMap<Operation, List> = new Map<Operation, List>([
  [
    listEndpoints,
    {
      rows: "endpoints",
      id: "id",
      input: {},
      add: (world, workspace) => world.endpointIn(workspace, { name: "one more" }),
    },
  ],
  [
    listLogs,
    {
      rows: "logs",
      id: "id",
      input: { endpointId: "orders" },
      add: (world, _workspace, within) => world.arrive(within),
    },
  ],
  [
    listChanges,
    {
      rows: "changes",
      id: "changeId",
      input: {},
      add: (world, workspace) => world.call(workspace, updateWorkspace, { name: "Another" }),
    },
  ],
  [searchRequests, { rows: "requests", id: "id", input: {}, add: addRequest }],
  [getErrors, { rows: "errors", id: "id", input: {}, add: addRequest }],
  [
    listEvents,
    {
      rows: "events",
      id: "id",
      input: {},
      add: (world, workspace) => world.call(workspace, createEvent, { type: "custom", name: "one more" }),
    },
  ],
  [listRoutes, { rows: "routes", id: "id", input: {}, add: addRoute }],
  [listDrift, { rows: "changes", id: "id", input: {}, add: addRoute }],
  [
    listEnvironments,
    {
      ...plain,
      rows: "environments",
      add: (world, workspace) => world.call(workspace, createEnvironment, { name: newName() }),
    },
  ],
  [
    listBuckets,
    {
      ...plain,
      rows: "buckets",
      add: (world, workspace) =>
        world.call(workspace, createBucket, {
          name: newName(),
          environment: names % 2 === 0 ? "staging" : "production",
        }),
    },
  ],
  [listCredentials, { ...plain, rows: "credentials", add: addCredential }],
  [
    listPersonalKeys,
    {
      ...plain,
      rows: "personalKeys",
      async add(world, workspace) {
        const { id } = await world.call(workspace, createPersonalKey, { name: newName() });
        if (names % 3 === 0) await world.call(workspace, revokePersonalKey, { credentialId: id });
      },
    },
  ],
  [listConnectedClients, { ...plain, rows: "connectedClients", add: addConnection }],
  [listWorkspaces, { ...plain, rows: "workspaces", add: addWorkspace }],
  [
    listMembers,
    {
      ...plain,
      rows: "members",
      add: (world, workspace) => addMember(world.engines, { workspace, user: newId("usr"), role: "viewer" }),
    },
  ],
  [
    listInvitations,
    {
      ...plain,
      rows: "invitations",
      add: (world, workspace) =>
        world.call(workspace, inviteMember, { email: `${newName()}@example.com`, role: "viewer" }),
    },
  ],
  [
    listAlerts,
    {
      ...plain,
      rows: "alerts",
      add: (world, workspace) =>
        world.call(workspace, createAlert, {
          name: newName(),
          watch: { kind: "error_rate", above: 0.05 },
          targetUrl: world.target.url,
        }),
    },
  ],
  ...(["redaction", "exclusion", "sampling", "block"] as const).map((noun): [Operation, List] => [
    ruleOperation(`list_${noun}s`),
    {
      ...plain,
      rows: `${noun}s`,
      add: (world, workspace) =>
        world.call(workspace, ruleOperation(`create_${noun}`), { name: newName(), ...ruleForms[noun] }),
    },
  ]),
]);

const selection = { path: "/fuzzed/*" };
const ruleForms = {
  redaction: { category: "coupon", match: { field: "coupon" } },
  exclusion: { selection },
  sampling: { selection, rate: 0.5 },
  block: { selection },
};

function ruleOperation(name: string): Operation {
  const found = allRuleOperations.find((it) => it.name === name);
  assert.ok(found, name);
  return found;
}

async function addCredential({ engines }: RunningWorld, workspace: string): Promise<void> {
  const kind = (["api-key", "mcp-token", "management-token"] as const)[names++ % 3] ?? "api-key";
  const revokedAt = names % 4 === 0 ? engines.clock.now() : null;
  await storeCredentials(engines, workspace, { count: 1, value: { kind, revokedAt } });
}

async function addConnection({ engines: { store, clock } }: RunningWorld, realm: string): Promise<void> {
  const client = { name: newName(), uri: null, from: "registered", redirectUris: [] } as const;
  await grantsIn(entryPlace(store, "server", clock), clock).approve(
    { ...client, id: client.name },
    { account: "usr_somebody", realm, scopes: ["endpoints:read"] },
    "https://sluice.example/mcp",
  );
}

/** The workspaces of the person whose list is walked, by the first of them. */
const joined = new Map<string, string[]>();

async function addWorkspace(world: RunningWorld, first: string): Promise<void> {
  const workspace = await world.newWorkspace();
  joined.set(first, [...(joined.get(first) ?? []), workspace]);
  const { actor } = principalFor(listWorkspaces, first, "all");
  await addMember(world.engines, { workspace, user: actor.id, role: "member" });
}

/** As who may see all that was added. */
function askedBy(it: Operation, workspace: string): Principal {
  const principal = principalFor(it, workspace, "all");
  const all = [workspace, ...(joined.get(workspace) ?? [])];
  return it === listWorkspaces
    ? { ...principal, workspaces: new Map(all.map((id) => [id, "all" as const])) }
    : principal;
}

/** Before each page, in turn: how long it is, how many rows come before it is asked for, and by how much time goes on. */
const steps = fc.array(
  fc.record({
    limit: fc.integer({ min: 1, max: 7 }),
    come: fc.nat(2),
    passMs: fc.constantFrom(0, 0, 1, 1_000),
  }),
  { minLength: 1, maxLength: 8 },
);

function walked(it: Operation, { rows, id, input, add }: List, t: TestContext): Promise<void> {
  return fuzz(t, async (seed) => {
    const world = await openRunningWorld();
    try {
      const property = fc.asyncProperty(fc.nat(rowsMax), steps, async (count, pages) => {
        const workspace = await world.newWorkspace();
        const orders = await world.endpointIn(workspace);
        for (let n = 0; n < count; n++) await add(world, workspace, orders);
        const page = async (of: object) => {
          const caller = callerOf(askedBy(it, workspace));
          const answer = await invoke(it, { ...input, ...of }, caller, world.engines);
          const shown = z.array(z.looseObject({ [id]: z.string() })).parse(answer[rows]);
          return { ids: shown.map((row) => String(row[id])), next: answer["nextCursor"] };
        };
        const { ids: before, next: more } = await page({ limit: 50 });
        assert.equal(more, null, "the list fits into one page");
        const seen: string[] = [];
        let cursor: unknown = null;
        let came = 0;
        for (let n = 0; n < pagesMax; n++) {
          const { limit, come, passMs } = pages[n % pages.length]!;
          world.clock.advance(passMs);
          if (cursor !== null)
            for (let i = 0; i < come && came < comeMax; i++, came++) await add(world, workspace, orders);
          const { ids, next } = await page({ limit, ...(cursor !== null && { cursor }) });
          assert.ok(ids.length === limit || next === null, "only the last page is short");
          seen.push(...ids);
          cursor = next;
          if (next === null) break;
        }
        assert.equal(cursor, null, "the walk comes to an end");
        assert.deepEqual(
          seen.filter((row) => before.includes(row)),
          before,
          "every row that was there, once and in order",
        );
        assert.equal(new Set(seen).size, seen.length, "no row twice, whenever it came");
      });
      await fc.assert(property, { seed, numRuns: walksEach });
      return walksEach;
    } finally {
      await world.close();
    }
  });
}

describe("a cursor walks every row exactly once, whatever the pages, also while rows come", () => {
  const operations = planes.flatMap((plane): readonly Operation[] => plane.operations);
  const listing = operations.filter(({ name, input }) => name.startsWith("list_") || "cursor" in input.shape);

  test("every operation that lists is walked here", () => {
    assert.deepEqual(
      [...lists.keys()].map(({ name }) => name).toSorted(),
      listing.map(({ name }) => name).toSorted(),
    );
  });

  for (const it of listing)
    test(`${it.name} pages by cursor and has fields`, () => {
      for (const name of ["cursor", "limit", "fields"]) assert.ok(name in publicInput(it).shape, name);
      assert.ok("nextCursor" in it.output.shape);
    });

  for (const [it, list] of lists) test(it.name, (t) => walked(it, list, t));
});

describe("a page has a budget of bytes", () => {
  test("a list whose rows are long is cut at the budget, and goes on behind the cut", async () => {
    const world = await openRunningWorld();
    try {
      const workspace = await world.newWorkspace();
      const buckets = Array.from({ length: 500 }, (_, n) => String(n).padStart(40, "b"));
      const value = { kind: "mcp-token", environment: "staging", buckets } as const;
      const stored = await storeCredentials(world.engines, workspace, { count: 9, value });
      const seen: unknown[] = [];
      let pages = 0;
      for (let cursor: unknown = null; pages === 0 || cursor !== null; pages++) {
        const answer = await world.call(workspace, listCredentials, cursor === null ? {} : { cursor });
        const { credentials: rows } = listCredentials.output.parse(answer);
        assert.ok(rows.length > 0 && JSON.stringify(rows).length <= pageBytesMax + rows.length + 1);
        seen.push(...rows.map(({ id }) => id));
        cursor = answer["nextCursor"];
      }
      assert.equal(pages, 3);
      assert.equal(seen.length, stored.length);
      assert.deepEqual(new Set(seen), new Set(stored));
    } finally {
      await world.close();
    }
  });

  test("every file that answers a cursor measures its rows", async () => {
    const sources = await Promise.all(
      trackedFiles()
        .filter((path) => /^src\/planes\/.*(?<!\.test)\.ts$/.test(path))
        .map(async (path) => ({ path, text: await readFile(path, "utf8") })),
    );
    const answering = sources.filter(({ text }) => /\bnextCursor\b/.test(text) && /\bread\(\{/.test(text));
    assert.ok(answering.length >= 15);
    const without = answering.filter(({ text }) => !/\b(?:pageOf|fitting)\(/.test(text));
    assert.deepEqual(
      without.map(({ path }) => path),
      [],
    );
  });
});
