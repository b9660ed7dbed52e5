import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { variables } from "../../src/config.ts";
import { listBuckets } from "../../src/planes/account/operations/list-buckets.ts";
import { listEnvironments } from "../../src/planes/account/operations/list-environments.ts";
import { whoami } from "../../src/planes/account/operations/whoami.ts";
import { browser } from "../browser.ts";
import { asking } from "./asking.ts";
import { eventually } from "./eventually.ts";
import { exampleKey, freshFolder, launch, startServer, type ServerProcess } from "./server-process.ts";

const run = promisify(execFile);
const keyPattern = /mk_[0-9A-Za-z]{49}/g;

/** What a person would paste: the indented lines that come after this heading, up to the next empty one. */
function linesUnder(output: string, heading: string): string {
  const [, after = ""] = output.split(`${heading}\n\n`);
  return after.split("\n\n")[0] ?? "";
}

describe("a first start in a clean folder", () => {
  async function start(t: TestContext): Promise<ServerProcess & { readonly folder: string }> {
    const folder = join(await freshFolder(t), "data");
    const environment = { SLUICE_BOOTSTRAP_API_KEY: "", SLUICE_OUTBOUND_ALLOW: "" };
    return { ...(await startServer(t, { folder, environment })), folder };
  }

  test("prints where everything is, and the key on standard output alone", async (t) => {
    const server = await start(t);
    const output = server.output();
    for (const address of ["/api/v1", "/api/mcp", "/in/", "/healthz", "/reference"])
      assert.ok(output.includes(`${server.url}${address}`), address);
    const keys = new Set(output.match(keyPattern));
    assert.equal(keys.size, 1);
    assert.deepEqual(server.log().match(keyPattern), null);
    const [key = ""] = keys;
    assert.equal(linesUnder(output, "This is the first start. Your API key, shown this once:").trim(), key);
    assert.deepEqual((await asking(server.url, key)(whoami, {})).scopes, ["all"]);
  });

  test("the key is of the workspace `default`, with three environments and a default bucket in each", async (t) => {
    const server = await start(t);
    const [key = ""] = server.output().match(keyPattern) ?? [];
    const ask = asking(server.url, key);
    assert.equal((await ask(whoami, {})).workspace.name, "default");
    const names = ["development", "production", "staging"];
    const { environments } = await ask(listEnvironments, {});
    assert.deepEqual(
      environments.map(({ name, accessible }) => [name, accessible]),
      names.map((name) => [name, true]),
    );
    const { buckets } = await ask(listBuckets, {});
    assert.deepEqual(
      buckets.map(({ environment, name }) => [environment, name]),
      names.map((environment) => [environment, "default"]),
    );
  });

  test("the key is shown once: a second start prints none, and the first one still holds", async (t) => {
    const first = await start(t);
    const [key = ""] = first.output().match(keyPattern) ?? [];
    await first.stop();
    const second = await startServer(t, {
      folder: first.folder,
      environment: { SLUICE_BOOTSTRAP_API_KEY: "" },
    });
    assert.doesNotMatch(second.output() + second.log(), /mk_|first start/);
    await asking(second.url, key)(whoami, {});
  });

  test("the owner signs in by the printed link, and is given one at each start until they have a password", async (t) => {
    const linkIn = (server: ServerProcess): string | undefined =>
      /^ {2}http\S+(\/sign-in\/link\/\S+)$/m.exec(server.output())?.[1];
    const first = await start(t);
    assert.ok(linkIn(first));
    assert.match(first.output(), /After that, `sluice login` lets the command line act for them/);
    await first.stop();
    const environment = { SLUICE_BOOTSTRAP_API_KEY: "" };
    const second = await startServer(t, { folder: first.folder, environment });
    const link = linkIn(second);
    assert.ok(link !== undefined && link !== linkIn(first));
    assert.doesNotMatch(second.log(), /sign-in\/link/);
    const owner = browser(second.url);
    const fields = { name: "Olga", email: "olga@example.com", password: "EXAMPLE correct horse" };
    const shown = await owner.submit(link, fields);
    assert.match(shown.text, /Olga olga@example.com .*default .*owner/);
    await second.stop();
    const third = await startServer(t, { folder: first.folder, environment });
    assert.equal(linkIn(third), undefined);
    const { password, email } = fields;
    assert.equal((await browser(third.url).submit("/sign-in", { email, password })).path, "/account");
  });

  test("the printed commands create an endpoint and deliver a webhook to the echo target", async (t) => {
    if (spawnSync("curl", ["--version"]).error !== undefined) return t.skip("curl is not installed");
    const server = await start(t);
    const script = linesUnder(server.output(), "Or create an endpoint by hand, and send it a webhook:");
    assert.match(script, /curl/);
    const { stdout } = await run("sh", ["-c", script]);
    const [sent = "", listed = ""] = stdout.trim().split(/(?<=\})(?=\{"logs")/);
    const { ok, id } = JSON.parse(sent) as { ok: boolean; id: string };
    assert.equal(ok, true);
    assert.equal((JSON.parse(listed) as { logs: { id: string }[] }).logs[0]?.id, id);

    const look = script.trim().split("\n").at(-1) ?? "";
    const log = await eventually("the delivery", async () => {
      const answer = JSON.parse((await run("sh", ["-c", look])).stdout) as {
        logs: { state: string; lastAttempts: unknown[] }[];
      };
      return answer.logs[0]?.state === "delivered" ? answer.logs[0] : undefined;
    });
    assert.partialDeepStrictEqual(log.lastAttempts, [{ outcome: "delivered", status: 200 }]);
  });

  test("the printed `claude mcp add` line hands over an address and a header that work", async (t) => {
    const server = await start(t);
    const line = linesUnder(server.output(), "Let an agent run it:").trim();
    // Whatever is called claude here writes down what it was given, word by word.
    const tools = await freshFolder(t);
    const claude = join(tools, "claude");
    await writeFile(claude, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    await chmod(claude, 0o755);
    const { stdout } = await run("sh", ["-c", line], {
      env: { ...process.env, PATH: `${tools}:${process.env["PATH"]}` },
    });
    const [mcp, add, transport, http, name, url = "", header, authorization = ""] = stdout.split("\n");
    assert.deepEqual(
      [mcp, add, transport, http, name, header],
      ["mcp", "add", "--transport", "http", "sluice", "--header"],
    );
    const [headerName = "", value = ""] = authorization.split(": ");
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        [headerName]: value,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "list_endpoints", arguments: {} },
      }),
    });
    assert.equal(answer.status, 200);
    assert.partialDeepStrictEqual(await answer.json(), { result: { structuredContent: { endpoints: [] } } });
  });

  test("what is stored is for its owner alone: the folder has mode 0700, the key file 0600", async (t) => {
    const { folder } = await start(t);
    const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    assert.equal(await modeOf(folder), "700");
    const [keys = "", ...others] = (await readdir(folder)).filter((name) => name.includes("key"));
    assert.deepEqual(others, []);
    assert.equal(await modeOf(join(folder, keys)), "600");
  });

  for (const length of [48, 49])
    test(`a key of ${length} characters given as SLUICE_BOOTSTRAP_API_KEY is the first key`, async (t) => {
      const key = `mk_${"givenByTheTestNotASecret".padEnd(length, "0")}`;
      const folder = await freshFolder(t);
      const server = await startServer(t, { folder, environment: { SLUICE_BOOTSTRAP_API_KEY: key } });
      await asking(server.url, key)(whoami, {});
      const again = { folder, environment: { SLUICE_BOOTSTRAP_API_KEY: exampleKey } };
      await server.stop();
      // It is read on the first start only: another one later changes nothing.
      const second = await startServer(t, again);
      await asking(second.url, key)(whoami, {});
    });
});

describe("a start that is refused", () => {
  /** Runs until it ends by itself; answers what it said to people. */
  async function refused(t: TestContext, folder: string, environment: Record<string, string>) {
    const launched = launch(t, { folder, environment });
    const { code } = await launched.ended;
    assert.notEqual(code, 0);
    assert.equal(launched.output(), "", "nothing is printed as if it had started");
    assert.doesNotMatch(launched.log(), /\n\s+at /, "people are told, not shown a stack");
    return launched.log();
  }

  test("a second server on the same folder is told who holds it", async (t) => {
    const folder = await freshFolder(t);
    const first = await startServer(t, { folder });
    const { pid } = JSON.parse(await readFile(join(folder, "holder.json"), "utf8")) as { pid: number };
    const said = await refused(t, folder, {});
    for (const part of [folder, `process ${pid}`, first.url, "SLUICE_DATA_DIR"])
      assert.ok(said.includes(part), part);
    await first.ask(whoami, {});
  });

  test("keys from the environment leave no key file, and other keys than those that sealed are refused", async (t) => {
    const folder = await freshFolder(t);
    const [keys = "", others = ""] = ["0", "4"].map((end) => `${"Example".repeat(6)}${end}`);
    const first = await startServer(t, { folder, environment: { SLUICE_VAULT_KEYS: keys } });
    assert.ok(!(await readdir(folder)).includes("keys"));
    await first.stop();
    const said = await refused(t, folder, { SLUICE_VAULT_KEYS: others });
    assert.match(said, /sealed by the key [0-9a-f]{8}, which this server lacks/);
    assert.match(said, /SLUICE_VAULT_KEYS/);
    assert.doesNotMatch(said, /Example/);
    await startServer(t, { folder, environment: { SLUICE_VAULT_KEYS: `${others},${keys}` } });
  });

  test("a port that is taken is named, with the setting to change", async (t) => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    t.after(() => other.close());
    const { port } = other.address() as AddressInfo;
    const said = await refused(t, await freshFolder(t), { SLUICE_PORT: String(port) });
    assert.match(said, new RegExp(`${port}.*in use`));
    assert.match(said, /SLUICE_PORT/);
  });

  /** A text that each variable refuses, and what it must say of it; null = every text is right. */
  const wrong: Readonly<Record<keyof typeof variables, readonly [text: string, says: RegExp] | null>> = {
    SLUICE_PORT: ["70000", /from 0 to 65535/],
    SLUICE_HOST: ["somewhere", /address/],
    SLUICE_PUBLIC_URL: ["sluice.example.com", /URL/],
    SLUICE_DATA_DIR: null,
    SLUICE_DATABASE_URL: ["mysql://db.example.com/sluice", /postgres:\/\//],
    SLUICE_VAULT_KEYS: ["ExampleExampleExampleExampleExampleExample1", /43 base64url characters as key 1/],
    SLUICE_OUTBOUND_ALLOW: ["10.0.0.0/8,nonsense", /nonsense/],
    SLUICE_TRUSTED_PROXIES: ["10.0.0.0/8,nonsense", /nonsense/],
    SLUICE_BOOTSTRAP_API_KEY: ["mk_tooShort", /48 or 49/],
    SLUICE_INGEST_RATE: ["-1", /from 0 to/],
    SLUICE_REPLAY_TARGETS: ["localhost:3000", /must be addresses such as/],
    SLUICE_API_RATE: ["many", /from 0 to/],
    SLUICE_OIDC_ISSUER: ["http://login.example.com", /https:\/\//],
    SLUICE_OIDC_CLIENT_ID: null,
    SLUICE_OIDC_CLIENT_SECRET: null,
    MCP_SERVER_ENABLED: ["perhaps", /"true".*"false"/],
    SLUICE_URL: ["ftp://sluice.example.com", /URL/],
    SLUICE_API_KEY: null,
  };

  for (const [name, bad] of Object.entries(wrong)) {
    if (bad === null) continue;
    const [text, says] = bad;
    test(`${name}=${text} is refused by name, with the reason and an example, and nothing is created`, async (t) => {
      const folder = join(await freshFolder(t), "data");
      const said = await refused(t, folder, { [name]: text });
      const line = said.split("\n").find((it) => it.includes(name)) ?? "";
      assert.match(line, says);
      const { example } = variables[name as keyof typeof variables];
      assert.ok(line.includes(`${name}=${example}`), line);
      if (name === "SLUICE_BOOTSTRAP_API_KEY" || name === "SLUICE_VAULT_KEYS")
        assert.ok(!said.includes(text), "a secret is not repeated");
      await assert.rejects(stat(folder), { code: "ENOENT" });
    });
  }

  test("an OpenID provider needs all three of its variables, and those that are missing are named", async (t) => {
    const folder = join(await freshFolder(t), "data");
    const SLUICE_OIDC_CLIENT_SECRET = "EXAMPLE of a secret";
    const said = await refused(t, folder, { SLUICE_OIDC_CLIENT_SECRET });
    assert.match(said, /SLUICE_OIDC_ISSUER is missing: SLUICE_OIDC_CLIENT_SECRET needs it/);
    assert.match(said, /SLUICE_OIDC_CLIENT_ID is missing/);
    assert.ok(!said.includes(SLUICE_OIDC_CLIENT_SECRET));
    await assert.rejects(stat(folder), { code: "ENOENT" });
  });

  test("every variable that is wrong is named at once", async (t) => {
    const said = await refused(t, await freshFolder(t), { SLUICE_PORT: "x", SLUICE_INGEST_RATE: "x" });
    assert.match(said, /SLUICE_PORT is wrong[^]*SLUICE_INGEST_RATE is wrong/);
  });

  test("a variable that does not exist is refused, with those that do", async (t) => {
    const folder = join(await freshFolder(t), "data");
    const said = await refused(t, folder, { SLUICE_PROT: "8080" });
    assert.match(said, /SLUICE_PROT is not a setting/);
    for (const name of Object.keys(variables)) assert.ok(said.includes(name), name);
    await assert.rejects(stat(folder), { code: "ENOENT" });
  });

  test("a data folder that is a file is refused by name, and the file stays as it is", async (t) => {
    const file = join(await freshFolder(t), "file");
    await writeFile(file, "mine");
    const said = await refused(t, file, {});
    assert.ok(said.includes(file));
    assert.match(said, /SLUICE_DATA_DIR/);
    assert.equal(await readFile(file, "utf8"), "mine");
  });
});

test("MCP_SERVER_ENABLED=false answers 404 on every MCP path and method, before anyone is asked who they are", async (t) => {
  const folder = await freshFolder(t);
  const server = await startServer(t, { folder, environment: { MCP_SERVER_ENABLED: "false" } });
  const credentials = [{}, { authorization: `Bearer ${exampleKey}` }, { authorization: "Bearer wrong" }];
  for (const path of ["/api/mcp", "/mcp", "/mcp/sse", "/mcp/sse/message", "/mcp?toolsets=nothing"])
    for (const method of ["GET", "POST", "DELETE", "PUT", "OPTIONS"])
      for (const headers of credentials) {
        const answer = await fetch(server.url + path, { method, headers });
        assert.equal(answer.status, 404, `${method} ${path} ${JSON.stringify(headers)}`);
        assert.equal(answer.headers.get("www-authenticate"), null);
        assert.match(await answer.text(), /turned off/);
      }
  assert.match(server.output(), /MCP +switched off/);
  await server.ask(whoami, {});
});
