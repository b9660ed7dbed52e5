import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { z } from "zod";
import { keyRingVault } from "../../engines/vault/key-ring.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { Question } from "./conversation.ts";
import { RpcError, type Params } from "./json-rpc.ts";
import { InputNeeded, inRounds } from "./rounds.ts";

const time = { now: 1_800_000_000_000 };
const vault = keyRingVault({ current: createSecretKey(randomBytes(32)), older: [] });
const engines = { vault, clock: { now: () => time.now } };

const question: Question = { method: "elicitation/create", params: { message: "Sure?" } };
const yes = { action: "accept", content: { sure: true } };
const call = { name: "ask_me", arguments: { a: 1 } };

function principal(id: string): Principal {
  return {
    workspaces: new Map([["ws_1", "all"]]),
    actor: { kind: "key", id },
    credential: { kind: "api-key", id },
    confines: {},
    toolsets: [],
  };
}

type Asked = { readonly names?: readonly string[]; readonly key?: string; readonly method?: string };

/** What the questions of these names, asked one after the other, are answered with. */
async function ask(params: Params, { names = ["first"], key = "key_1", method = "tools/call" }: Asked = {}) {
  const round = { method, params, principal: principal(key), capabilities: { elicitation: {} } };
  const asking = inRounds(round, engines);
  const answers: Params[] = [];
  for (const name of names) answers.push(await asking({ [name]: question }));
  return answers;
}

const Needed = z.object({
  resultType: z.literal("input_required"),
  inputRequests: z.record(z.string(), z.unknown()),
  requestState: z.string(),
});

async function needed(...asked: Parameters<typeof ask>): Promise<z.output<typeof Needed>> {
  const error: unknown = await ask(...asked).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof InputNeeded, String(error));
  return Needed.parse(error.result);
}

const refused = (field: string) => (error: unknown) =>
  error instanceof RpcError && error.code === -32602 && JSON.stringify(error.data).includes(field);

test("a call that needs answers ends with its questions and is made again with them", async () => {
  const { inputRequests, requestState } = await needed(call);
  assert.deepEqual(inputRequests, { first: question });
  const answers = await ask({ ...call, requestState, inputResponses: { first: yes, unknown: 1 } });
  assert.deepEqual(answers, [{ first: yes }]);
});

test("what was answered before travels with the client, so that one question may follow from another", async () => {
  const names = ["first", "second"];
  const one = await needed(call, { names });
  const two = await needed(
    { ...call, requestState: one.requestState, inputResponses: { first: yes } },
    { names },
  );
  assert.deepEqual(Object.keys(two.inputRequests), ["second"]);
  const no = { action: "decline" };
  const answers = await ask(
    { ...call, requestState: two.requestState, inputResponses: { first: no, second: no } },
    { names },
  );
  assert.deepEqual(answers, [{ first: yes }, { second: no }]);
});

test("a state opens for the same principal, method, tool and arguments alone", async () => {
  const { requestState } = await needed(call);
  const inputResponses = { first: yes };
  const others: [Params, Asked?][] = [
    [{ ...call, requestState: `${requestState}-TAMPERED` }],
    [{ ...call, requestState: "none" }],
    [{ ...call, requestState }, { key: "key_2" }],
    [{ ...call, requestState }, { method: "prompts/get" }],
    [{ ...call, name: "ask_others", requestState }],
    [{ ...call, arguments: { a: 2 }, requestState }],
  ];
  for (const [params, asked] of others)
    await assert.rejects(ask({ ...params, inputResponses }, asked), refused("/params/requestState"));
  await ask({ ...call, requestState, inputResponses });
});

test("a state is too old after an hour", async () => {
  const { requestState } = await needed(call);
  time.now += 3_600_000;
  await assert.rejects(
    ask({ ...call, requestState, inputResponses: { first: yes } }),
    refused("/params/requestState"),
  );
});

test("what is no answer is refused and not taken for one", async () => {
  for (const answer of [12_345, null, {}, { action: "maybe" }, { roots: [] }])
    await assert.rejects(
      ask({ ...call, inputResponses: { first: answer } }),
      refused("/params/inputResponses/first"),
    );
  await assert.rejects(ask({ ...call, inputResponses: null }), refused("/params/inputResponses"));
});

test("answers that are too long to travel are refused", async () => {
  const long = { action: "accept", content: { text: "x".repeat(65 * 1024) } };
  const asked = ask({ ...call, inputResponses: { first: long } }, { names: ["first", "second"] });
  await assert.rejects(asked, refused("/params/inputResponses"));
});

test("a client that goes on answering nothing is asked 20 times", async () => {
  let { requestState } = await needed(call);
  for (let n = 1; n < 20; n++) ({ requestState } = await needed({ ...call, requestState }));
  await assert.rejects(ask({ ...call, requestState }), /at most 20 times/);
});

test("a client is not asked what it has not declared", async () => {
  const roots = { roots: { method: "roots/list", params: {} } } as const;
  const round = { method: "tools/call", params: call, principal: principal("key_1"), capabilities: {} };
  await assert.rejects(
    inRounds(round, engines)(roots),
    (error: RpcError) =>
      error.code === -32021 && JSON.stringify(error.data) === '{"requiredCapabilities":{"roots":{}}}',
  );
});
