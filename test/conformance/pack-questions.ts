import { z } from "zod";
import type { Conversation, Question, Questions } from "../../src/surfaces/mcp/conversation.ts";
import type { ExtraPrompt, ExtraTool } from "../../src/surfaces/mcp/extra.ts";
import { said, text, tool } from "./pack-content.ts";

function form(message: string, properties: object, required: readonly string[] = []): Question {
  return {
    method: "elicitation/create",
    params: { mode: "form", message, requestedSchema: { type: "object", properties, required } },
  };
}

function textForm(message: string, member: string): Question {
  return form(message, { [member]: { type: "string" } }, [member]);
}

function sampling(words: string): Question {
  const messages = [{ role: "user", content: text(words) }];
  return { method: "sampling/createMessage", params: { messages, maxTokens: 100 } };
}

const confirming = form("Please confirm", { ok: { type: "boolean" } }, ["ok"]);
const roots: Question = { method: "roots/list", params: {} };
const name = textForm("What is your name?", "name");

const defaults = form("Review the fields and their defaults", {
  name: { type: "string", default: "John Doe" },
  age: { type: "integer", default: 30 },
  score: { type: "number", default: 95.5 },
  status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
  verified: { type: "boolean", default: true },
});

const titled = ["one", "two", "three"].map((it) => ({ const: it, title: `Option ${it}` }));
const untitled = { type: "string", enum: ["one", "two", "three"] };

const enums = form("Choose", {
  untitledSingle: untitled,
  titledSingle: { type: "string", oneOf: titled },
  legacyEnum: { ...untitled, enumNames: ["Option one", "Option two", "Option three"] },
  untitledMulti: { type: "array", minItems: 1, maxItems: 3, items: untitled },
  titledMulti: { type: "array", minItems: 1, maxItems: 3, items: { anyOf: titled } },
});

/** Asks, and answers what it was answered. */
function asking(toolName: string, questions: Questions): ExtraTool {
  return tool(toolName, async (_, { ask }) => said(`Answered: ${JSON.stringify(await ask(questions))}`));
}

function oneText(member: string): object {
  return { type: "object", properties: { [member]: { type: "string" } }, required: [member] };
}

const Prompted = z.object({ prompt: z.string() });
const Worded = z.object({ message: z.string() });

const sessionTools: readonly ExtraTool[] = [
  tool(
    "test_sampling",
    async (args, { ask }) => {
      const answers = await ask({ answer: sampling(Prompted.parse(args).prompt) });
      return said(`LLM response: ${JSON.stringify(answers["answer"]?.["content"])}`);
    },
    oneText("prompt"),
  ),
  tool(
    "test_elicitation",
    async (args, { ask }) => {
      const { message } = Worded.parse(args);
      return said(`User response: ${JSON.stringify(await ask({ answer: textForm(message, "response") }))}`);
    },
    oneText("message"),
  ),
  asking("test_elicitation_sep1034_defaults", { form: defaults }),
  asking("test_elicitation_sep1330_enums", { form: enums }),
];

async function inSteps(_: unknown, { ask }: Conversation): Promise<object> {
  const first = await ask({ step1: textForm("Step 1: What is your name?", "name") });
  const second = await ask({ step2: textForm("Step 2: What is your favorite color?", "color") });
  return said(`Answered: ${JSON.stringify({ ...first, ...second })}`);
}

/** Only what the client can be asked. */
async function asDeclared(_: unknown, { ask, capabilities }: Conversation): Promise<object> {
  const possible = {
    ...(capabilities["elicitation"] !== undefined && { user_name: name }),
    ...(capabilities["sampling"] !== undefined && { greeting: sampling("Generate a greeting") }),
  };
  return said(`Answered: ${JSON.stringify(await ask(possible))}`);
}

export const questionTools: readonly ExtraTool[] = [
  ...sessionTools,
  asking("test_input_required_result_elicitation", { user_name: name }),
  asking("test_input_required_result_sampling", {
    capital_question: sampling("What is the capital of France?"),
  }),
  asking("test_input_required_result_list_roots", { client_roots: roots }),
  tool("test_input_required_result_request_state", async (_, { ask }) => {
    await ask({ confirm: confirming });
    return said("state-ok");
  }),
  asking("test_input_required_result_multiple_inputs", {
    user_name: name,
    greeting: sampling("Generate a greeting"),
    client_roots: roots,
  }),
  tool("test_input_required_result_multi_round", inSteps),
  asking("test_input_required_result_tampered_state", { confirm: confirming }),
  tool("test_input_required_result_capabilities", asDeclared),
  asking("test_missing_capability", { answer: sampling("Say hello") }),
  asking("test_streaming_elicitation", { user_name: name }),
];

export const questionPrompt: ExtraPrompt = {
  name: "test_input_required_result_prompt",
  title: "Prompt that asks",
  description: "A prompt that needs to know more.",
  arguments: [],
  async get(_, { ask }) {
    const answers = await ask({ user_context: textForm("What context should the prompt use?", "context") });
    return [{ role: "user", content: text(JSON.stringify(answers)) }];
  },
};
