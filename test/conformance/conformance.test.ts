import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, describe, test, type TestContext } from "node:test";
import type { Sample } from "../surfaces/mcp-sample.ts";
import { extra, servePack } from "./pack.ts";
import { passed, problems, required, run, type Findings } from "./suite.ts";

/**
 * What is required, and how much of it was checked when this was written: the suite passes most of its checks against a
 * port that nobody listens on.
 */
const revisions = [
  {
    revision: "2025-11-25",
    first: "server-initialize",
    scenarios: 30,
    checks: 69,
    besides: ["server-session-lifecycle", "json-schema-2020-12", "server-sse-polling"],
  },
  {
    revision: "2026-07-28",
    first: "server-stateless",
    scenarios: 37,
    checks: 118,
    besides: ["json-schema-2020-12", "http-header-validation", "http-custom-header-server-validation"],
  },
] as const;

for (const { revision, first, scenarios, checks, besides } of revisions)
  describe(`the official conformance suite of MCP ${revision}`, () => {
    let pack: Sample;
    let found: Findings;
    let names: readonly string[];
    before(async () => {
      pack = await servePack();
      names = await required(revision);
      found = await run(pack.at("/mcp"), "--requirements", revision);
    });
    after(() => pack.close());

    test("reaches the server at all", () => {
      assert.equal(names[0], first);
      assert.deepEqual(problems(found, [first]), []);
    });

    test("passes every scenario that the revision requires", () => {
      assert.equal(names.length, scenarios);
      assert.deepEqual(problems(found, names), []);
      const counted = passed(names.map((name) => found.get(name) ?? []));
      assert.ok(counted >= checks, `${counted} checks passed, fewer than ${checks}`);
    });

    test("passes what is checked of it and not yet required, but for the extension of tasks", () => {
      assert.deepEqual(problems(found, besides), []);
      const others = [...found.keys()].filter((name) => !names.includes(name) && !name.startsWith("tasks-"));
      assert.deepEqual(others.toSorted(), besides.toSorted());
    });

    test("meets no bug in the server", () => {
      assert.deepEqual(pack.log, []);
    });
  });

describe("the conformance check", () => {
  test("finds a tool that answers what it should not", async (t) => {
    const tools = extra.tools.map((tool) =>
      tool.name === "test_image_content" ? { ...tool, call: async () => ({ content: [] }) } : tool,
    );
    const broken = await servePack({ extra: { ...extra, tools } });
    t.after(() => broken.close());
    const scenario = "tools-call-image";
    const found = await run(broken.at("/mcp"), "--scenario", scenario);
    assert.match(problems(found, [scenario]).join("\n"), /tools-call-image FAILURE .*No image content/);
  });

  for (const { first } of revisions)
    test(`finds by ${first} that nobody listens`, async (t) => {
      const found = await run(await deadAddress(t), "--scenario", first);
      assert.notDeepEqual(problems(found, [first]), []);
    });
});

/** A port that nobody else gets as long as the test goes on, and that takes no connection. */
async function deadAddress(t: TestContext): Promise<URL> {
  const taken = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => void taken.close());
  const address = taken.address();
  assert.ok(typeof address === "object" && address !== null);
  return new URL(`http://127.0.0.1:${address.port}/mcp`);
}
