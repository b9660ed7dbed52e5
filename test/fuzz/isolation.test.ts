// Whatever somebody asks, by operations and over MCP, they are told nothing of what is not theirs, nor that it exists.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { Failure } from "../../src/kernel/failure.ts";
import { planes } from "../../src/planes/planes.ts";
import { invoke } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { openRunningWorld, type RunningWorld } from "../running-world.ts";
import { callerOf } from "../world.ts";
import { fuzz, isolationTriesMin } from "./fuzzing.ts";
import { foreignInputs, namingInputs } from "./foreign-inputs.ts";
import { likenessOf } from "./likeness.ts";
import { otherCalls, toolCalls } from "./mcp-questions.ts";
import { mcpTeller, type OfSession, type Posted } from "./mcp-teller.ts";
import { strangers, type Stranger } from "./strangers.ts";

const inputsEach = 8;
const callsEach = 8;
const namingsEach = 40;
const otherTries = 400;

const operations = planes.flatMap((plane): readonly Operation[] => plane.operations);
const byName = new Map(operations.map((it) => [it.name, it]));

/** What somebody asked, in words that a failed property can print. */
type Asked = { readonly operation: string; readonly input: object } | Posted | OfSession;

/** All that comes back of a call, whether it succeeds or not. */
type Tell = (asked: Asked) => Promise<string>;

async function tellOf(world: RunningWorld, { principal }: Stranger): Promise<Tell> {
  const { tell } = await mcpTeller(principal, world.engines);
  return async (asked) => {
    if (!("operation" in asked)) return tell(asked);
    const it = byName.get(asked.operation);
    assert.ok(it);
    try {
      return JSON.stringify(await invoke(it, asked.input, callerOf(principal), world.engines));
    } catch (error) {
      if (error instanceof Failure) return JSON.stringify([error.message, error.detail]);
      throw error;
    }
  };
}

/**
 * Fails when an answer holds what is not theirs to know, or differs from that to a name which never was. What they wrote
 * themselves is theirs from then on, though somebody else has the like.
 */
async function keepsApart(
  { secret, names }: Stranger,
  written: Set<string>,
  tell: Tell,
  asked: Asked,
): Promise<void> {
  const said = JSON.stringify(asked);
  const told = await tell(asked);
  for (const text of secret.filter((it) => !said.includes(it)))
    assert.ok(written.has(text) || !told.includes(text), `${text} is told: ${told}`);
  if (wrote(asked, told)) for (const text of secret) if (said.includes(text)) written.add(text);
  if (secret.some((text) => said.includes(text) && written.has(text))) return;
  const like = likenessOf(said, names);
  if (like === undefined) return;
  const instead = JSON.parse(like.said) as Asked;
  assert.equal(timeless(like.back(await tell(instead))), timeless(told), "it is told that it exists");
}

const Tried = z.object({ dryRun: z.literal(true) });
const Told = z.object({ result: z.object({ isError: z.boolean().optional() }).optional() });

/** Whether a call changed something: failures are told as a list, or as such. */
function wrote(asked: Asked, told: string): boolean {
  if ("operation" in asked) return told.startsWith("{") && changes(asked.operation, asked.input);
  if ("verb" in asked || asked.method !== "tools/call" || !told.startsWith("200 ")) return false;
  const { result } = Told.parse(JSON.parse(told.slice("200 ".length)));
  return (
    changes(asked.params["name"], asked.params["arguments"]) &&
    result !== undefined &&
    result.isError !== true
  );
}

function changes(name: unknown, input: unknown): boolean {
  return byName.get(String(name))?.effect !== "read" && !Tried.safeParse(input).success;
}

/** Answers to calls that change something, or would, have ids and secrets of their own. */
function timeless(text: string): string {
  return text
    .replaceAll(/(\\?")([a-z]+)_(?:[0-9A-Za-z]{20,}|[0-9A-Za-z]{4}…?)\\?"/g, "$1…$1")
    .replaceAll(/\breq_\w+-\w+/g, "req…");
}

for (const which of [0, 1])
  test(`nobody is told of what is not theirs: ${["another workspace", "another environment or bucket"][which]}`, (t) =>
    fuzz(
      t,
      async (seed) => {
        const world = await openRunningWorld();
        try {
          const somebody = (await strangers(world))[which];
          assert.ok(somebody);
          const tell = await tellOf(world, somebody);
          const written = new Set<string>();
          let tries = 0;
          const tried = (asked: fc.Arbitrary<Asked>, numRuns: number): Promise<void> =>
            fc.assert(
              fc.asyncProperty(asked, (it) => {
                tries++;
                return keepsApart(somebody, written, tell, it);
              }),
              { seed, numRuns },
            );
          await tried(otherCalls(somebody), otherTries);
          for (const it of operations) {
            // What is asked most shows most.
            await tried(fc.constant({ operation: it.name, input: {} }), 1);
            const inputs = foreignInputs(it, somebody).map((input) => ({ operation: it.name, input }));
            await tried(inputs, inputsEach);
            const naming = namingInputs(it, somebody);
            if (naming !== undefined)
              await tried(
                naming.map((input) => ({ operation: it.name, input })),
                namingsEach,
              );
            if (it.reach === "everywhere") await tried(toolCalls(it, somebody), callsEach);
          }
          const ping = { at: "/mcp", modern: false, method: "ping", params: {}, workspace: null } as const;
          assert.match(await somebody.other.tell({ ...ping, session: somebody.other.session }), /^200 /);
          return tries;
        } finally {
          await world.close();
        }
      },
      isolationTriesMin / 2,
    ));
