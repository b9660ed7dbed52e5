import { setTimeout as sleep } from "node:timers/promises";
import type { ExtraPrompt, ExtraResource, ExtraTool } from "../../src/surfaces/mcp/extra.ts";

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** A sound of no samples at 8 kHz, 16 bits, one channel. */
function wav(): string {
  const bytes = Buffer.alloc(44);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(8_000, 24);
  bytes.writeUInt32LE(16_000, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  return bytes.toString("base64");
}

export const image = { type: "image", data: png, mimeType: "image/png" };
const sound = { type: "audio", data: wav(), mimeType: "audio/wav" };

export function text(words: string): object {
  return { type: "text", text: words };
}

export function said(words: string): object {
  return { content: [text(words)] };
}

function embedded(uri: string): object {
  return { type: "resource", resource: { uri, mimeType: "text/plain", text: "An embedded resource." } };
}

const noArguments = { type: "object", properties: {}, additionalProperties: false };

/** A tool that takes no arguments unless told otherwise. */
export function tool(name: string, call: ExtraTool["call"], inputSchema: object = noArguments): ExtraTool {
  return {
    name,
    title: name,
    description: `Serves the scenarios of ${name}.`,
    inputSchema,
    reads: true,
    call,
  };
}

function answering(name: string, content: readonly object[]): ExtraTool {
  return tool(name, async () => ({ content }));
}

/** Every keyword of it must reach the client. */
const keywords = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

const routed = {
  type: "object",
  properties: {
    region: { type: "string", "x-mcp-header": "Region" },
    shard: { type: "integer", "x-mcp-header": "Shard" },
  },
  required: ["region"],
};

const logging = async (log: (words: string) => void): Promise<void> => {
  for (const words of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
    log(words);
    await sleep(50);
  }
};

export const contentTools: readonly ExtraTool[] = [
  answering("test_image_content", [image]),
  answering("test_audio_content", [sound]),
  answering("test_embedded_resource", [embedded("test://embedded-resource")]),
  answering("test_multiple_content_types", [
    text("Several:"),
    image,
    embedded("test://mixed-content-resource"),
  ]),
  tool("json_schema_2020_12_tool", async (args) => said(`Called with ${JSON.stringify(args)}.`), keywords),
  tool("test_routed_by_headers", async (args) => said(`Called with ${JSON.stringify(args)}.`), routed),
  ...["test_tool_with_logging", "test_logging_tool"].map((name) =>
    tool(name, async (_, { log }) => {
      await logging((words) => log("info", words));
      return said("Logged.");
    }),
  ),
  tool("test_reconnection", async (_, { letGo }) => {
    letGo();
    await sleep(100);
    return said("Answered by another stream.");
  }),
];

export const binary: ExtraResource = {
  uri: "test://static-binary",
  name: "static-binary",
  title: "Static picture",
  description: "A picture.",
  mimeType: "image/png",
  read: async () => ({ blob: png }),
};

function fromUser(content: object): object {
  return { role: "user", content };
}

export const contentPrompts: readonly ExtraPrompt[] = [
  {
    name: "test_prompt_with_embedded_resource",
    title: "Prompt with a resource",
    description: "A prompt that a resource is embedded in.",
    arguments: [{ name: "resourceUri", description: "Which one.", required: true }],
    get: async ({ resourceUri }) => [
      fromUser(embedded(String(resourceUri))),
      fromUser(text("Read the resource above.")),
    ],
  },
  {
    name: "test_prompt_with_image",
    title: "Prompt with a picture",
    description: "A prompt that a picture is in.",
    arguments: [],
    get: async () => [fromUser(image), fromUser(text("Look at the picture above."))],
  },
];
