import assert from "node:assert/strict";
import { planes } from "../../src/planes/planes.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import type { Declarable } from "../../src/registry/declarable.ts";
import { invoke, type Output } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import type { Plane } from "../../src/registry/plane.ts";
import type { Call } from "../../src/surfaces/cli/call.ts";
import { runCli } from "../../src/surfaces/cli/cli.ts";
import { restCalls } from "../surface-calls.ts";
import { callerOf, principalOf, type World } from "../world.ts";

export const operations: readonly Operation[] = planes.flatMap((plane) => plane.operations);
export const declared: readonly Declarable[] = planes.flatMap((plane: Plane) => plane.declares ?? []);
export const targetUrl = "https://api.example.com/hooks";

type Said = { readonly exitCode: number; readonly out: string; readonly err: string };
/** A workspace, and the command line that reaches it over REST. */
export type Place = {
  readonly call: (it: Operation, input: object) => Promise<Output>;
  /** `sluice config …` there; `file` is what any path has. */
  readonly config: (args: readonly string[], given?: Given) => Promise<Said>;
};
type Given = {
  readonly file?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly confirm?: (question: string) => Promise<boolean>;
  readonly through?: (call: Call) => Call;
};

export async function placeIn(world: World): Promise<Place> {
  const principal = principalOf(await world.newWorkspace(), "all");
  const { engines } = world;
  const rest = restCalls({ it: createEndpoint, engines, principal }, operations);
  return {
    call: (it, input) => invoke(it, input, callerOf(principal), engines),
    async config(args, { file = "", environment = {}, confirm, through = (call: Call) => call } = {}) {
      const out: string[] = [];
      const err: string[] = [];
      const exitCode = await runCli({
        argv: ["config", ...args],
        operations,
        builtins: [],
        version: "0.0.0",
        call: through(rest),
        print: (text) => void out.push(text),
        printError: (text) => void err.push(text),
        readInput: async () => file,
        declared,
        terminal: {
          colour: false,
          confirm: confirm ?? null,
          progress: undefined,
          environment: (name) => environment[name],
        },
      });
      return { exitCode, out: out.join("\n"), err: err.join("\n") };
    },
  };
}

export async function exported(at: Place): Promise<string> {
  const { exitCode, out, err } = await at.config(["export"]);
  assert.equal(exitCode, 0, err);
  return out;
}

export async function placeWithOrders(world: World): Promise<Place> {
  const at = await placeIn(world);
  await at.call(createEndpoint, { name: "Orders", targetUrl });
  return at;
}
