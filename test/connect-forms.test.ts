// The forms that people copy into their clients: what is in them works, and every place that shows one shows the same.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  claudeCodeCommand,
  connectClients,
  connectForms,
  type ConnectForm,
} from "../src/registry/connect-form.ts";
import { runCli } from "../src/surfaces/cli/cli.ts";

const publicUrl = "https://sluice.example.com/base";
const url = `${publicUrl}/api/mcp`;
const key = `mk_${"connectFormsNotASecret".padEnd(49, "0")}`;
const forms = connectForms(publicUrl, key);

function form(title: string, by: ConnectForm["by"]): ConnectForm {
  const found = forms.filter((it) => it.title === title && it.by === by);
  assert.equal(found.length, 1, `${title}, ${by}`);
  return found[0] as ConnectForm;
}

function document(title: string, by: ConnectForm["by"]): unknown {
  return JSON.parse(form(title, by).text);
}

/** What a shell makes of a line. */
function words(line: string): readonly string[] {
  return execFileSync("sh", ["-c", `claude() { printf '%s\\n' "$@"; }; ${line}`], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
}

describe("the forms of clients", () => {
  test("every client has a form with a key and one that signs in", () => {
    for (const client of connectClients)
      for (const by of ["key", "oauth"])
        assert.ok(
          forms.some((it) => it.client === client && it.by === by),
          `${client}, ${by}`,
        );
  });

  test("every form has the server's own address, and no form that signs in has a key", () => {
    for (const { title, by, text } of forms) {
      assert.ok(text.includes(url), title);
      if (by === "oauth") assert.doesNotMatch(text, /mk_|Bearer|header/i, title);
    }
  });

  test("Claude Code gets a line that a shell takes apart as meant, and a file that names a variable", () => {
    assert.deepEqual(words(form("Claude Code, command", "key").text), [
      ..."mcp add --transport http sluice".split(" "),
      url,
      "--header",
      `Authorization: Bearer ${key}`,
    ]);
    assert.deepEqual(document("Claude Code, file", "key"), {
      mcpServers: { sluice: { type: "http", url, headers: { Authorization: "Bearer ${SLUICE_API_KEY}" } } },
    });
  });

  test("an address or a key cannot make the line do anything else", () => {
    for (const nasty of ["http://x/$(id)`id`", "a'b;id", 'a"b\\', "http://[::1]:8080/api/mcp", "a\tb c"])
      assert.deepEqual(words(claudeCodeCommand(nasty, nasty)).slice(5), [
        nasty,
        "--header",
        `Authorization: Bearer ${nasty}`,
      ]);
  });

  test("Claude Desktop gets a bridge in its file, whose arguments have no spaces, and a connector that is public", () => {
    assert.deepEqual(document("Claude Desktop, file", "key"), {
      mcpServers: {
        sluice: {
          command: "npx",
          args: ["-y", "mcp-remote", url, "--header", "Authorization:${AUTH_HEADER}"],
          env: { AUTH_HEADER: `Bearer ${key}` },
        },
      },
    });
    const { text, reach } = form("Claude Desktop, connector", "oauth");
    assert.deepEqual({ text, reach }, { text: url, reach: "public" });
  });

  test("VS Code asks for the key, hidden, in both of its files, and holds it in none", () => {
    const workspace = document("VS Code, workspace", "key");
    assert.deepEqual(document("VS Code, settings", "key"), { mcp: workspace });
    assert.partialDeepStrictEqual(workspace, {
      inputs: [{ type: "promptString", id: "sluice-api-key", password: true }],
      servers: {
        sluice: { type: "http", url, headers: { Authorization: "Bearer ${input:sluice-api-key}" } },
      },
    });
    for (const { client, text } of forms) if (client === "vscode") assert.ok(!text.includes(key));
  });

  test("Cursor calls the address url and Windsurf serverUrl", () => {
    const headers = { Authorization: `Bearer ${key}` };
    assert.deepEqual(document("Cursor", "key"), { mcpServers: { sluice: { url, headers } } });
    assert.deepEqual(document("Windsurf", "key"), { mcpServers: { sluice: { serverUrl: url, headers } } });
    assert.deepEqual(document("Windsurf", "oauth"), { mcpServers: { sluice: { serverUrl: url } } });
  });

  test("the README shows forms as they are made", () => {
    const [, section = ""] = readFileSync("README.md", "utf8").split(
      /^## (?:Connect an agent|Five minutes)$/m,
    );
    const shown = [...section.matchAll(/^```\w+\n(?:\$ )?([^]*?)\n```$/gm)].map((match) => match[1] ?? "");
    const made = connectForms("http://127.0.0.1:8080").map(({ text }) => text);
    assert.equal(shown.length, 4);
    assert.deepEqual(
      shown.filter((text) => !made.includes(text)),
      [],
    );
  });
});

describe("sluice connect", () => {
  type Answer = { readonly status: number; readonly json: unknown };

  async function connect(args: readonly string[], answers: Partial<Record<"metadata" | "mcp", Answer>> = {}) {
    const out: string[] = [];
    const err: string[] = [];
    const metadata = answers.metadata ?? { status: 200, json: { resource: url } };
    const exitCode = await runCli({
      argv: ["connect", ...args],
      operations: [],
      builtins: [],
      version: "0.0.0",
      call: async (_, path) =>
        path.startsWith("/.well-known/") ? metadata : (answers.mcp ?? { status: 405, json: null }),
      print: (text) => void out.push(text),
      printError: (text) => void err.push(text),
      readInput: () => Promise.reject(new Error("nothing is read")),
    });
    return { exitCode, out: out.join("\n"), err: err.join("\n") };
  }

  test("prints every form with the address that the server calls its own", async () => {
    const { exitCode, out } = await connect(["--json"]);
    assert.equal(exitCode, 0);
    assert.deepEqual(JSON.parse(out), { forms: connectForms(publicUrl) });
  });

  test("prints what one client needs, indented, and where it needs https", async () => {
    const { out } = await connect(["claude-desktop"]);
    assert.match(out, /^Claude Desktop, connector, by signing in: Settings/m);
    assert.match(out, new RegExp(`^ {2}${url}$`, "m"));
    assert.match(out, /Needs public https/);
    assert.doesNotMatch(out, /Cursor/);
  });

  test("says when there is no MCP server, and which clients there are", async () => {
    const off = await connect([], { mcp: { status: 404, json: null } });
    assert.match(off.err, /no MCP server.*\n.*MCP_SERVER_ENABLED/);
    assert.equal(off.exitCode === 0, false);
    const other = await connect([], {
      metadata: { status: 200, json: { resource: "javascript:x/api/mcp" } },
    });
    assert.match(other.err, /no MCP server/);
    for (const args of [["emacs"], ["cursor", "windsurf"], ["--jsn"]])
      assert.match(
        (await connect(args)).err,
        /allowed: claude-code, claude-desktop, vscode, cursor, windsurf/,
      );
  });
});
