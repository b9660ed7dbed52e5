import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../src/kernel/failure.ts";
import { newId } from "../../src/kernel/id.ts";
import type { Principal } from "../../src/kernel/principal.ts";
import { planes } from "../../src/planes/planes.ts";
import { invoke } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { RpcError } from "../../src/surfaces/mcp/json-rpc.ts";
import { methodsOf, type Methods } from "../../src/surfaces/mcp/methods.ts";
import { narrowingOf } from "../../src/surfaces/mcp/narrowing.ts";
import { openRunningWorld, type RunningWorld } from "../running-world.ts";
import { callerOf } from "../world.ts";
import { fuzz } from "./fuzzing.ts";
import { inputsOf } from "./inputs.ts";
import { strangers, type Stranger } from "./strangers.ts";

const inputsEach = 12;
const methodInputs = 150;

const operations = planes.flatMap((plane): readonly Operation[] => plane.operations);
const documents = planes.flatMap((plane) => plane.documents);
const prompts = planes.flatMap((plane) => plane.prompts);

/** What somebody asked, in words that a failed property can print. */
type Asked =
  | { readonly operation: string; readonly input: object }
  | { readonly narrowedTo: string }
  | { readonly method: string; readonly params: Readonly<Record<string, unknown>> };

/** All that comes back of a call, whether it succeeds or not. */
type Tell = (asked: Asked) => Promise<string>;

function tellOf(world: RunningWorld, { principal }: Stranger): Tell {
  const toolsets = {
    names: planes.map(({ name }) => name),
    of: () => undefined,
    everyView: new Set<string>(),
  };
  const methods: Methods = methodsOf({ operations, documents, prompts, toolsets }, world.engines);
  const viewer = { ...callerOf(principal), surface: "mcp", toolsets: "all" } as const;
  const byName = new Map(operations.map((it) => [it.name, it]));
  return async (asked) => {
    try {
      if ("narrowedTo" in asked) return JSON.stringify(narrowingTo(asked.narrowedTo, principal));
      if ("method" in asked) return JSON.stringify(await methods.answer(asked.method, asked.params, viewer));
      const it = byName.get(asked.operation);
      assert.ok(it);
      return JSON.stringify(await invoke(it, asked.input, callerOf(principal), world.engines));
    } catch (error) {
      if (error instanceof Failure) return JSON.stringify([error.message, error.detail]);
      if (error instanceof RpcError) return JSON.stringify([error.message, error.data]);
      throw error;
    }
  };
}

/**
 * Fails when an answer holds what is not theirs to know, or differs from that to a name which never was. What they wrote
 * themselves is theirs from then on, though somebody else has the like.
 */
async function keepsApart(
  { secret, ids }: Stranger,
  written: Set<string>,
  tell: Tell,
  asked: Asked,
): Promise<void> {
  const said = JSON.stringify(asked);
  const told = await tell(asked);
  for (const text of secret.filter((it) => !said.includes(it)))
    assert.ok(written.has(text) || !told.includes(text), `${text} is told: ${told}`);
  if (wrote(asked, told)) for (const text of secret) if (said.includes(text)) written.add(text);
  const named = ids.filter((id) => said.includes(id));
  if (named.length === 0) return;
  const never = new Map(named.map((id) => [id, neverWas(id)]));
  const instead = JSON.parse(replaced(said, never)) as Asked;
  const back = new Map([...never].map(([id, other]) => [other, id]));
  assert.equal(timeless(replaced(await tell(instead), back)), timeless(told), "it is told that it exists");
}

/** As a connection asks for it. */
function narrowingTo(workspace: string, { workspaces }: Principal): object {
  const target = `/mcp?workspace=${encodeURIComponent(workspace)}`;
  return narrowingOf({ target, header: () => undefined }, { toolsets: [], workspaces });
}

/** Whether a call changed something: failures are told as a list. */
function wrote(asked: Asked, told: string): boolean {
  if (!("operation" in asked) || !told.startsWith("{")) return false;
  return operations.find(({ name }) => name === asked.operation)?.effect !== "read";
}

function neverWas(id: string): string {
  const [prefix = ""] = id.split("_");
  return prefix === "ex" ? `ex_${id.slice(3, 15)}${newHex(20)}` : newId(prefix);
}

function newHex(digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join("");
}

function replaced(text: string, names: ReadonlyMap<string, string>): string {
  return [...names].reduce((so, [from, to]) => so.replaceAll(from, to), text);
}

/** Answers to calls that may change something have ids of their own. */
function timeless(text: string): string {
  return text.replaceAll(/"(aud|plan|rp|key|ep|env|bkt|inv|mem)_[0-9A-Za-z]+"/g, '"…"');
}

function methodCalls({ known }: Stranger): fc.Arbitrary<Asked> {
  const texts = Object.values(known)
    .flat()
    .filter((value) => typeof value === "string");
  const value = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...texts) }, fc.string({ maxLength: 8 }));
  const uris = documents.flatMap(({ uri, aliases }) => [uri, ...aliases]);
  const uri = fc
    .tuple(fc.constantFrom(...uris), value)
    .map(([template, text]) => template.replaceAll(/\{\w+\}/g, encodeURIComponent(text)));
  const read = uri.map((it) => ({ method: "resources/read", params: { uri: it } }));
  const places = [
    ...documents.flatMap(({ uri: template, suggests = {} }) =>
      Object.keys(suggests).map((name) => ({ ref: { type: "ref/resource", uri: template }, name })),
    ),
    ...prompts.flatMap(({ name: prompt, suggests = {} }) =>
      Object.keys(suggests).map((name) => ({ ref: { type: "ref/prompt", name: prompt }, name })),
    ),
  ];
  const completed = fc
    .tuple(fc.constantFrom(...places), fc.oneof(fc.constant(""), value), fc.nat(6))
    .map(([{ ref, name }, text, length]) => ({
      method: "completion/complete",
      params: { ref, argument: { name, value: text.slice(0, length) } },
    }));
  const prompted = fc
    .tuple(fc.constantFrom(...prompts), value, value)
    .map(([{ name, arguments: shape }, first, second]) => ({
      method: "prompts/get",
      params: {
        name,
        arguments: Object.fromEntries(
          Object.keys(shape.shape).map((argument, i) => [argument, i === 0 ? first : second]),
        ),
      },
    }));
  const connected = value.map((narrowedTo) => ({ narrowedTo }));
  return fc.oneof(read, completed, prompted, connected);
}

for (const which of [0, 1])
  test(`nobody is told of what is not theirs: ${["another workspace", "another environment or bucket"][which]}`, (t) =>
    fuzz(t, async (seed) => {
      const world = await openRunningWorld();
      try {
        const stranger = (await strangers(world))[which];
        assert.ok(stranger);
        const tell = tellOf(world, stranger);
        const written = new Set<string>();
        const check = (asked: Asked): Promise<void> => keepsApart(stranger, written, tell, asked);
        await fc.assert(fc.asyncProperty(methodCalls(stranger), check), { seed, numRuns: methodInputs });
        for (const it of operations) {
          const asked = inputsOf(it, stranger.known).map((input) => ({ operation: it.name, input }));
          await fc.assert(fc.asyncProperty(asked, check), { seed, numRuns: inputsEach });
        }
        return methodInputs + operations.length * inputsEach;
      } finally {
        await world.close();
      }
    }));
