import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { contentText, messageText, structured, toolNames } from "./answers.ts";
import type { Authority, Client, Connection } from "./client.ts";
import { freshHome } from "./home.ts";
import { fileOf, missing } from "./installed.ts";
import { approvePrinted, freePort } from "./loopback.ts";

const packageName = "@modelcontextprotocol/inspector";
const Printed = z.object({ result: z.unknown() });

/** The Inspector's command line, a process for each request. It lists tools strictly: a faulty schema is an error. */
export function inspector(
  transport: "http" | "sse",
  era: "legacy" | "modern" | "auto",
  path: Client["path"],
): Client {
  return {
    name: `inspector, ${transport} ${era}`,
    path,
    lacks: [],
    missing: missing(`${packageName}/package.json`),
    connects: (url, by) =>
      connects(["--server-url", url.href, "--transport", transport, "--protocol-era", era], by),
  };
}

async function connects(to: readonly string[], by: Authority): Promise<Connection> {
  const home = await freshHome();
  const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
  const authority =
    by.kind === "key" ? ["--header", `Authorization: Bearer ${by.key}`] : ["--callback-url", callback];
  const program = fileOf(packageName, "clients/launcher/build/index.js");

  async function ask(method: string, ...more: readonly string[]): Promise<unknown> {
    const args = [program, "--cli", ...to, ...authority, "--format", "json", "--method", method, ...more];
    const child = spawn(process.execPath, args, {
      // Without the last it signs in at a terminal only.
      env: { ...home.environment, MCP_AUTO_OPEN_ENABLED: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const refused = by.kind === "oauth" ? [approvePrinted(by.person, child.stderr)] : [];
    const ended = Promise.all([text(child.stdout), text(child.stderr), exitCode(child)]);
    const [output, log, code] = await Promise.race([ended, ...refused]);
    if (code !== 0) throw new Error(`inspector ${method} ended with ${code}\n${log}`);
    return Printed.parse(JSON.parse(output)).result;
  }

  await ask("initialize");
  return {
    list: async () => toolNames(await ask("tools/list", "--strict")),
    call: async (tool, input) =>
      structured(await ask("tools/call", "--tool-name", tool, "--tool-args-json", JSON.stringify(input))),
    read: async (uri) => contentText(await ask("resources/read", "--uri", uri)),
    prompt: async (name, input) => {
      const pairs = Object.entries(input).map(([argument, value]) => `${argument}=${value}`);
      return messageText(await ask("prompts/get", "--prompt-name", name, "--prompt-args", ...pairs));
    },
    close: () => home.remove(),
  };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, "close")) as [number | null];
  return code;
}
