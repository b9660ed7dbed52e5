// Documents that show commands with their answers are run here against a real server: a page that lies fails.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { compose, type Sluice } from "../src/compose.ts";
import { config } from "../src/config.ts";

const documents = [
  "README.md",
  "docs/guide/getting-started.md",
  "docs/guide/webhooks.md",
  "docs/guide/rest-and-cli.md",
  "docs/guide/traffic.md",
  "docs/guide/tokens.md",
  "docs/guide/alerts.md",
  "docs/guide/capture-otlp.md",
  "docs/guide/capture-har.md",
  "docs/guide/capture-proxy.md",
];
const key = "mk_0000000000EXAMPLE0000000000EXAMPLE0000000000EXAMP";
const shownAddress = "127.0.0.1:8080";
/** Of servers that commands start: one to send to, and the proxy. */
const shownPorts = ["3999", "9080"] as const;
const hungAfterMs = 540_000;

const missing = ["bash", "curl", "openssl"].filter((program) => spawnSync(program, ["--help"]).error);
const skip = missing.length > 0 && `needs ${missing.join(", ")}`;

for (const document of documents)
  test(`the examples of ${document} run and answer what it says`, { skip }, async () => {
    const blocks = examples(readFileSync(document, "utf8"));
    assert.ok(blocks.length > 0, "it has examples");
    const answers = await run(blocks.map(({ command }) => command));
    for (const [i, { command, answer }] of blocks.entries()) {
      if (answer === undefined) continue;
      const said = answers[i] ?? "";
      if (!matcherOf(answer).test(said)) assert.equal(said, answer, command);
    }
  });

type Example = { readonly command: string; readonly answer: string | undefined };

/** Each block marked `sh`, with the block marked `text` or `json` that follows it, if one does. */
function examples(markdown: string): readonly Example[] {
  const blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, kind, body = ""]) => ({
    kind,
    body,
  }));
  return blocks.flatMap(({ kind, body }, i) => {
    if (kind !== "sh") return [];
    const next = blocks[i + 1];
    const answered = next?.kind === "text" || next?.kind === "json";
    return [{ command: body, answer: answered ? next.body.trimEnd() : undefined }];
  });
}

/** The text itself, where `…` stands for anything within a line, and alone in a line for any lines. */
function matcherOf(answer: string): RegExp {
  const lines = answer.split("\n").map((line, i, all) => {
    const end = i === all.length - 1 ? "" : "\n";
    if (line.trim() === "…") return "(?:.*\n)*?.*" + end;
    return RegExp.escape(line).replaceAll("…", ".*") + end;
  });
  return new RegExp(`^${lines.join("")}$`);
}

/** Runs the commands in one shell, with a server of their own, and answers what each printed. */
async function run(commands: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-docs-"));
  const ports = [
    [shownPorts[0], await freePort()],
    [shownPorts[1], await freePort()],
  ] as const;
  try {
    const sluice = await compose({
      config: config({
        SLUICE_PORT: "0",
        SLUICE_DATA_DIR: join(folder, "data"),
        SLUICE_BOOTSTRAP_API_KEY: key,
        SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
        SLUICE_REPLAY_TARGETS: `http://127.0.0.1:${ports[0][1]}`,
      }),
      version: "test",
      log: () => {},
    });
    try {
      return await runAgainst(sluice, commands, { folder, ports });
    } finally {
      await sluice.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Addresses and ports are the server's in what is run, and those of the page in what is answered. */
async function runAgainst(
  { url, echoUrl }: Sluice,
  commands: readonly string[],
  { folder, ports }: { readonly folder: string; readonly ports: readonly (readonly [string, string])[] },
): Promise<readonly string[]> {
  const address = new URL(url).host;
  const end = `--- end ${process.pid} ---`;
  const script = commands.map((command) => `${command}\nprintf '\\n%s\\n' '${end}'\n`).join("");
  const said = await bash(
    replaced(script, {
      [shownAddress]: address,
      ...Object.fromEntries(ports),
      "src/main.ts": resolve("src/main.ts"),
    }),
    folder,
    { SLUICE_URL: url, SLUICE_API_KEY: key, ECHO: echoUrl },
  );
  return replaced(said, {
    [address]: shownAddress,
    ...Object.fromEntries(ports.map(([shown, free]) => [`:${free}`, `:${shown}`])),
  })
    .split(end)
    .map((part) => part.replace(/^\n+|\n+$/g, ""));
}

/** All at once: a port that is put in may look like one that is shown. */
function replaced(written: string, by: Readonly<Record<string, string>>): string {
  const any = new RegExp(Object.keys(by).map(RegExp.escape).join("|"), "g");
  return written.replaceAll(any, (found) => by[found]!);
}

/** What the script printed. The shell and all that it started are ended, at the latest when it hangs. */
async function bash(
  script: string,
  cwd: string,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const shell = spawn("bash", ["-eu", "-o", "pipefail", "-c", script], {
    cwd,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const end = (): void => {
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, "SIGKILL");
    } catch (error) {
      // The whole group is gone already.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  };
  const hung = setTimeout(end, hungAfterMs);
  const outputs = Promise.all([text(shell.stdout), text(shell.stderr)]);
  const code = await new Promise((resolveCode) => shell.once("exit", resolveCode));
  clearTimeout(hung);
  end();
  const [said, complaints] = await outputs;
  assert.equal(code, 0, `the shell ended with ${String(code)}:\n${said}\n${complaints}`);
  return said;
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((bound) => server.listen(0, "127.0.0.1", bound));
  const address = server.address();
  await new Promise<void>((closed) => server.close(() => closed()));
  if (address === null || typeof address === "string") throw new Error("no port");
  return String(address.port);
}
