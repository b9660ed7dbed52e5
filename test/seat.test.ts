import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seat } from "../src/config.ts";

test("what is kept of a user is where their system says, and else in .config", () => {
  assert.equal(seat({ XDG_CONFIG_HOME: "/elsewhere" }).folder, "/elsewhere/sluice");
  for (const home of [undefined, "", "relative"])
    assert.equal(seat({ XDG_CONFIG_HOME: home }).folder, join(homedir(), ".config", "sluice"));
});

test("it is known who comes from another machine, and where nobody sits", () => {
  const { isRemote, isUnattended } = seat({});
  assert.deepEqual([isRemote, isUnattended], [false, false]);
  assert.equal(seat({ SSH_CONNECTION: "192.0.2.1 1 192.0.2.2 22" }).isRemote, true);
  assert.equal(seat({ CI: "true" }).isUnattended, true);
  assert.equal(seat({ CI: "false" }).isUnattended, false);
});
