import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios } from "../../../../test/scenario.ts";
import { authenticatorOf, bearing, callerOf, openWorld, principalFor } from "../../../../test/world.ts";
import { newId } from "../../../kernel/id.ts";
import { invoke } from "../../../registry/invoke.ts";
import { unitOfWork } from "../../../registry/unit.ts";
import { member } from "../people/member.ts";
import { createPersonalKey } from "./create-personal-key.ts";

scenarios(createPersonalKey, [
  {
    name: "a person needs no scope for what is their own",
    scopes: [],
    input: { name: "laptop" },
    gives: { kind: "personal-key", scopes: null, state: "active", toolsets: ["pipeline", "webhooks"] },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
]);

dryRunLeavesNothing(createPersonalKey, { input: { name: "laptop" } });

test("a key of a workspace is no person; a client that acts for one cannot make a key that may do more", async () => {
  const world = await openWorld();
  try {
    const person = principalFor(createPersonalKey, await world.newWorkspace(), "all");
    const key = { ...person, actor: { kind: "key", id: "key_test" } } as const;
    const client = { ...person, credential: { kind: "oauth", id: "grant" } } as const;
    for (const principal of [key, client])
      await assert.rejects(
        invoke(createPersonalKey, { name: "laptop" }, callerOf(principal), world.engines),
        {
          kind: "forbidden",
        },
      );
  } finally {
    await world.close();
  }
});

test("the key may do in each workspace what its person's role allows at that moment", async () => {
  const world = await openWorld();
  try {
    const { engines } = world;
    const [one, two] = [await world.newWorkspace(), await world.newWorkspace()];
    const person = principalFor(createPersonalKey, one, []);
    const { id, secret } = await invoke(createPersonalKey, { name: "laptop" }, callerOf(person), engines);
    assert.match(String(secret), /^key_[0-9A-Za-z]{22}:[0-9A-Za-z]{49}$/);
    const authenticate = await authenticatorOf(engines);
    const sent = bearing(`Bearer ${String(secret)}`);
    assert.equal((await authenticate(sent)).workspaces.size, 0);

    const join = async (workspace: string, role: "owner" | "viewer"): Promise<void> => {
      const unit = unitOfWork(workspace, engines.clock.now(), engines);
      const known = await unit.byKey(member, "user", person.actor.id);
      if (known === undefined) unit.create(member, { user: person.actor.id, role });
      else unit.update(member, known, { ...known.value, role });
      const { changes: _, ...written } = unit.written();
      const at = engines.clock.now();
      const by = { actor: { kind: "system", id: "test" }, operation: "test", audit: null } as const;
      await engines.store.commit({ ...written, workspace, at, ...by });
    };
    await join(one, "owner");
    await join(two, "viewer");
    const { actor, credential, workspaces } = await authenticate(sent);
    assert.deepEqual(actor, person.actor);
    assert.deepEqual(credential, { kind: "personal-key", id });
    assert.equal(workspaces.get(one), "all");
    const held = workspaces.get(two);
    assert.ok(
      held !== undefined && held !== "all" && held.has("endpoints:read") && !held.has("endpoints:write"),
    );
    await join(one, "viewer");
    assert.notEqual((await authenticate(sent)).workspaces.get(one), "all");

    const other = bearing(`Bearer ${newId("key")}:${String(secret).split(":")[1]}`);
    await assert.rejects(authenticate(other), { message: "This personal key is not known." });
    assert.doesNotMatch(world.dump(), new RegExp(String(secret).split(":")[1] ?? ""));
  } finally {
    await world.close();
  }
});
