import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { planes } from "../../src/planes/planes.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { toolsOf } from "../../src/surfaces/mcp/tools.ts";
import { callerOf, openWorld, principalOf } from "../world.ts";

/** What a model's window is filled with before it has done anything. */
const tokensMax = 4_000;

test("the tools of one plane take at most 4,000 tokens of a model's window", async (t) => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    for (const { name, operations } of planes) {
      const all: readonly Operation[] = operations;
      const toolsets = { names: [name], of: () => name, always: "" };
      const viewer = { ...callerOf(principalOf(workspace, "all")), toolsets: [name] };
      const list = JSON.stringify(toolsOf(all, toolsets, world.engines).list(viewer));
      const tokens = encode(list).length;
      t.diagnostic(`${name}: ${tokens} tokens, ${list.length} characters`);
      assert.ok(tokens > 100, "it lists tools");
      assert.ok(tokens <= tokensMax, `${name} takes ${tokens}`);
    }
  } finally {
    await world.close();
  }
});
