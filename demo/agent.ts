import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { z } from "zod";
import { brief, type Screen } from "./screen.ts";

/** An MCP client that says what it calls. Answers are read by the shape given: what the story needs of them. */
export type Agent = {
  readonly server: string;
  readonly revision: string;
  tools(): Promise<readonly string[]>;
  call<T>(tool: string, input: object, answer: z.ZodType<T>): Promise<T>;
  prompt(name: string, input: Record<string, string>): Promise<string>;
  resource<T>(uri: string, answer: z.ZodType<T>): Promise<T>;
  /** All that it was answered, as text: what a model in its place would have read. */
  heard(): string;
  close(): Promise<void>;
};

const callMs = 90_000;

/** Connects over Streamable HTTP with an API key, by the newest revision that both sides speak. */
export async function connectAgent(url: string, key: string, { call: say }: Screen): Promise<Agent> {
  const client = new Client(
    { name: "sluice-demo", version: "1.0.0" },
    { versionNegotiation: { mode: "auto" } },
  );
  const headers = { authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  const heard: string[] = [];
  const server = client.getServerVersion();
  return {
    server: `${server?.name} ${server?.version}`,
    revision: client.getNegotiatedProtocolVersion() ?? "?",
    async tools() {
      say("tools/list");
      const { tools } = await client.listTools();
      heard.push(JSON.stringify(tools));
      return tools.map((tool) => tool.name);
    },
    async call(tool, input, answer) {
      say(`${tool} ${brief(input)}`);
      const asked = { name: tool, arguments: { ...input } };
      const { isError, content, structuredContent } = await client.callTool(asked, { timeout: callMs });
      heard.push(textOf(content));
      if (isError === true) throw new Error(`${tool} failed: ${textOf(content)}`);
      return answer.parse(structuredContent);
    },
    async prompt(name, input) {
      say(`prompts/get ${name} ${brief(input)}`);
      const { messages } = await client.getPrompt({ name, arguments: input });
      const text = textOf(messages.map(({ content }) => content));
      heard.push(text);
      return text;
    },
    async resource(uri, answer) {
      say(`resources/read ${uri}`);
      const { contents } = await client.readResource({ uri });
      const text = contents.map((it) => ("text" in it ? it.text : "")).join("");
      heard.push(text);
      return answer.parse(JSON.parse(text));
    },
    heard: () => heard.join("\n"),
    close: () => client.close(),
  };
}

function textOf(blocks: readonly { readonly type: string }[]): string {
  return blocks.map((block) => ("text" in block ? String(block.text) : "")).join("\n");
}
