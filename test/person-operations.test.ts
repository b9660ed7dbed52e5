import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { planes } from "../src/planes/planes.ts";
import { invoke } from "../src/registry/invoke.ts";
import { callerOf, openWorld, principalFor, principalOf, type World } from "./world.ts";

describe("operations of a person", () => {
  let world: World;
  let workspace: string;
  before(async () => {
    world = await openWorld();
    workspace = await world.newWorkspace();
  });
  after(() => world.close());

  const operations = planes.flatMap((plane) => plane.operations).filter(({ of }) => of === "person");
  for (const it of operations) {
    test(`${it.name} is refused to a credential that acts as no person, whatever it may do`, () =>
      assert.rejects(invoke(it, {}, callerOf(principalOf(workspace, "all")), world.engines), {
        kind: "forbidden",
      }));

    test(`${it.name} needs its scope of a client that acts for a person`, () => {
      const person = principalFor(it, workspace, []);
      const client = { ...person, credential: { kind: "oauth", id: "grant" } } as const;
      return assert.rejects(invoke(it, {}, callerOf(client), world.engines), {
        kind: "forbidden",
        detail: { scope: it.scope, allowed: [], hint: `Use a credential that has ${it.scope}.` },
      });
    });

    test(`${it.name} is in no workspace`, () =>
      assert.rejects(
        invoke(it, { workspaceId: workspace }, callerOf(principalFor(it, workspace, "all")), world.engines),
        { kind: "invalid" },
      ));
  }
});
