import { contentText, messageText, structured, toolNames } from "./answers.ts";
import type { Connection } from "./client.ts";

/** What both generations of the SDK's client offer alike, each in its own types. */
export type SdkClient = {
  listTools(): Promise<unknown>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  readResource(params: { uri: string }): Promise<unknown>;
  getPrompt(params: { name: string; arguments: Record<string, string> }): Promise<unknown>;
  close(): Promise<void>;
};

export function connectionOf(client: SdkClient): Connection {
  return {
    list: async () => toolNames(await client.listTools()),
    call: async (name, input) => structured(await client.callTool({ name, arguments: { ...input } })),
    read: async (uri) => contentText(await client.readResource({ uri })),
    prompt: async (name, input) => messageText(await client.getPrompt({ name, arguments: { ...input } })),
    close: () => client.close(),
  };
}
