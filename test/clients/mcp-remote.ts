import { fileURLToPath } from "node:url";
import { Client as SdkClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { PassThrough } from "node:stream";
import { z } from "zod";
import { connectForms, mcpAddress } from "../../src/registry/connect-form.ts";
import type { Authority, Client, Connection } from "./client.ts";
import { freshHome } from "./home.ts";
import { approvePrinted } from "./loopback.ts";
import { connectionOf } from "./sdk-client.ts";

const program = fileURLToPath(import.meta.resolve("mcp-remote/dist/proxy.js"));

/** The bridge for hosts that only start programs, such as Claude Desktop with its file. */
export function mcpRemote(name: string, options: readonly string[], path: Client["path"]): Client {
  return {
    name: `mcp-remote, ${name}`,
    path,
    lacks: [],
    missing: null,
    connects: (url, by) => connects(url, by, options),
  };
}

async function connects(url: URL, by: Authority, options: readonly string[]): Promise<Connection> {
  const home = await freshHome();
  const { args, env } = asClaudeDesktopStartsIt(url, by);
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program, ...args, ...options],
    env: { ...home.environment, ...env },
    stderr: "pipe",
  });
  const printed = new PassThrough();
  transport.stderr?.pipe(printed);
  const refused = by.kind === "oauth" ? [approvePrinted(by.person, printed)] : [];
  printed.resume();
  const client = new SdkClient({ name: "matrix", version: "1.0.0" });
  await Promise.race([client.connect(transport), ...refused]);
  const connection = connectionOf(client);
  return {
    ...connection,
    async close() {
      await connection.close();
      await home.remove();
    },
  };
}

const File = z.object({
  mcpServers: z.object({
    sluice: z.object({
      command: z.literal("npx"),
      args: z.tuple([z.literal("-y"), z.literal("mcp-remote")], z.string()),
      env: z.record(z.string(), z.string()).optional(),
    }),
  }),
});

/** By the form that the product gives out, as `npx` would hand it on. */
function asClaudeDesktopStartsIt(
  url: URL,
  by: Authority,
): { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const key = by.kind === "key" ? by.key : undefined;
  const form = connectForms(url.origin, key).find(
    (it) => it.title === "Claude Desktop, file" && it.by === by.kind,
  );
  const { args, env = {} } = File.parse(JSON.parse(form?.text ?? "")).mcpServers.sluice;
  const [, , ...own] = args;
  return { args: own.map((it) => (it === mcpAddress(url.origin) ? url.href : it)), env };
}
