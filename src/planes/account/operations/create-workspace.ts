import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import { act } from "../../../registry/operation.ts";
import { workspace } from "../../../registry/workspace.ts";
import { newWorkspace } from "../new-workspace.ts";

/** Of the server: upkeep goes through them one by one. */
const workspacesMax = 1_000;
const ownMax = 50;

export const createWorkspace = act({
  name: "create_workspace",
  title: "Create a workspace",
  does: "Creates a workspace with the environments production, staging and development. You become its owner.",
  verb: "POST",
  path: "/workspaces",
  scope: "self:write",
  of: "person",
  reach: "people",
  destructive: false,
  input: z.object({ name: z.string().trim().min(1).max(100) }),
  output: z.object({ id: z.string(), name: z.string() }),
  async plan({ name }, { principal, store }) {
    if (principal.credential.kind === "oauth")
      throw new Failure("forbidden", "A client cannot make itself a workspace that you did not allow it.", {
        hint: "Sign in, or use a personal key.",
      });
    const all = await store.records.every(workspace.kind, { limit: workspacesMax });
    const most = all.length >= workspacesMax ? workspacesMax : ownMax;
    if (all.length >= workspacesMax || principal.workspaces.size >= ownMax)
      throw new Failure("quota_exceeded", `There may be ${most} workspaces.`, {
        hint: "Use one that there is.",
      });
    return { id: newId(workspace.prefix), name };
  },
  preview: (plan) => plan,
  async perform(plan, { store, clock, principal }) {
    await newWorkspace({ store, clock }, { ...plan, owner: principal.actor.id });
    return plan;
  },
});
