import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Failure } from "../../src/kernel/failure.ts";
import { read, type Operation } from "../../src/registry/operation.ts";
import type { Document, Prompt } from "../../src/registry/plane.ts";

/** What the suite looks for and a registry can offer: it goes the way of the product's own operations. */
const common = { verb: "GET", scope: "conformance:read", of: "workspace" } as const;

const simpleText = read({
  ...common,
  name: "test_simple_text",
  title: "Simple text",
  does: "Answers a text.",
  path: "/simple-text",
  input: z.object({}),
  output: z.object({ text: z.string() }),
  run: async () => ({ text: "This is a simple text response for testing." }),
});

const failing = read({
  ...common,
  name: "test_error_handling",
  title: "Error",
  does: "Always fails.",
  path: "/error",
  input: z.object({}),
  output: z.object({}),
  run: () => Promise.reject(new Failure("conflict", "This tool intentionally returns an error for testing.")),
});

/** Reports that come closer together than a tenth of a second are one. */
const betweenReportsMs = 120;

const reporting = read({
  ...common,
  name: "test_tool_with_progress",
  title: "Progress",
  does: "Reports how it goes on.",
  path: "/progress",
  input: z.object({}),
  output: z.object({ steps: z.int() }),
  async run(_, { progress }) {
    for (const done of [0, 50, 100]) {
      progress(done, 100, `${done} of 100`);
      await sleep(betweenReportsMs);
    }
    return { steps: 3 };
  },
});

const readText = read({
  ...common,
  name: "read_text",
  title: "Text",
  does: "Answers the text under an id.",
  path: "/texts/:textId",
  input: z.object({ textId: z.string().default("static") }),
  output: z.object({ id: z.string(), text: z.string() }),
  run: async ({ textId }) => ({ id: textId, text: `The text ${textId}.` }),
});

export const operations: readonly Operation[] = [simpleText, failing, reporting, readText];

const text = { does: "A text.", aliases: [], operation: "read_text", variables: {} };

export const documents: readonly Document[] = [
  { ...text, name: "static-text", title: "Static text", uri: "test://static-text" },
  {
    ...text,
    name: "watched-resource",
    title: "Watched text",
    uri: "test://watched-resource",
    follows: { records: ["text"], traffic: false },
  },
  {
    ...text,
    name: "template",
    title: "Text by id",
    uri: "test://template/{id}/data",
    variables: { id: "textId" },
  },
];

export const prompts: readonly Prompt[] = [
  {
    name: "test_simple_prompt",
    title: "Simple prompt",
    does: "A prompt without arguments.",
    scope: common.scope,
    arguments: z.object({}),
    render: async () => "This is a simple prompt for testing.",
  },
  {
    name: "test_prompt_with_arguments",
    title: "Prompt with arguments",
    does: "A prompt with two arguments.",
    scope: common.scope,
    arguments: z.object({
      arg1: z.string().describe("The first."),
      arg2: z.string().describe("The second."),
    }),
    suggests: { arg1: { values: ["test value", "testValue1"] } },
    render: async ({ arg1 = "", arg2 = "" }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`,
  },
];
