import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { browser } from "../browser.ts";
import { Browser, formOf } from "../surfaces/oauth-world.ts";
import { eventually } from "./eventually.ts";
import {
  exampleKey,
  freshFolder,
  launch,
  startServer,
  type Launched,
  type ServerProcess,
} from "./server-process.ts";

/** A server whose owner is signed in at a browser. */
export type LoginScene = {
  readonly server: ServerProcess;
  readonly browser: Browser;
  /** How often a refresh token was used, at the server. */
  renewals(): number;
};

/** A machine of somebody: what its command lines keep is its own. */
export type Machine = {
  /** Of its configuration. */
  readonly home: string;
  readonly file: string;
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): Launched;
  /** Runs a command to its end. */
  run(
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly output: string; readonly log: string }>;
};

export type Tokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
};

export async function loginScene(t: TestContext, command?: readonly string[]): Promise<LoginScene> {
  const folder = await freshFolder(t);
  const server = await startServer(t, { folder, ...(command && { command }) });
  const link = /^ {2}http\S+(\/sign-in\/link\/\S+)$/m.exec(server.output())?.[1];
  assert.ok(link);
  const owner = browser(server.url);
  await owner.submit(link, { name: "Olga", email: "olga@example.com", password: "EXAMPLE correct horse" });
  const [session] = [...owner.cookies].filter(([name]) => name.includes("session"));
  assert.ok(session, [...owner.cookies.keys()].join());
  return {
    server,
    browser: new Browser(server.url, session.join("=")),
    renewals() {
      const store = new DatabaseSync(join(folder, "store.db"), { readOnly: true });
      try {
        const row = store
          .prepare("select count(*) as used from entry where collection = 'oauth_used/RefreshToken'")
          .get();
        return Number(row?.["used"]);
      } finally {
        store.close();
      }
    },
  };
}

export async function newMachine(t: TestContext, { server }: LoginScene): Promise<Machine> {
  const home = await freshFolder(t);
  const start: Machine["start"] = (args, environment) =>
    launch(t, {
      folder: home,
      command: [process.execPath, "src/main.ts", ...args],
      environment: { XDG_CONFIG_HOME: home, SLUICE_URL: server.url, ...environment },
    });
  return {
    home,
    file: join(home, "sluice", "credentials.json"),
    start,
    async run(args, environment) {
      const launched = start(args, environment);
      const { code } = await launched.ended;
      return { code, output: launched.output(), log: launched.log() };
    },
  };
}

/** A machine on which the owner is logged in. */
export async function loggedIn(t: TestContext, scene: LoginScene): Promise<Machine> {
  const machine = await newMachine(t, scene);
  const command = machine.start(["login", "--browser"]);
  await scene.browser.decide(await scene.browser.open(await addressOf(command)), "approve");
  await bring(scene);
  const { code } = await command.ended;
  assert.equal(code, 0, command.log());
  return machine;
}

/** The address that a login prints for a browser. */
export function addressOf(command: Launched): Promise<string> {
  return printed(command, /^ {2}(http\S+\/oauth\/authorize\S+)$/m);
}

/** What a command prints, as far as it matches. */
export function printed(command: Launched, pattern: RegExp): Promise<string> {
  let isOver = false;
  void command.ended.then(() => (isOver = true));
  return eventually("what is printed", async () => {
    const found = pattern.exec(command.output())?.[1];
    if (found === undefined && isOver) throw new Error(`it ended: ${command.output()}${command.log()}`);
    return found;
  });
}

/** Follows the browser to the machine's own port, as it would do by itself; answers what it shows. */
export async function bring({ browser: { left } }: LoginScene): Promise<string> {
  assert.ok(left !== null);
  const shown = await fetch(left);
  const text = await shown.text();
  assert.equal(shown.status, 200, text);
  return text;
}

/** A person types the code of a device and decides. */
export async function decideDevice(
  { browser: person }: LoginScene,
  code: string,
  decision: "approve" | "refuse",
): Promise<void> {
  const form = formOf(await person.open("/oauth/device"));
  form.set("user_code", code);
  const confirmation = formOf(await person.post("/oauth/device", form));
  confirmation.set("confirm", "yes");
  const asked = await person.post("/oauth/device", confirmation);
  const decided = formOf(asked);
  decided.set("decision", decision);
  const done = await person.post(asked.url, decided);
  const onward = /^0;url=(.*)$/.exec(done.headers.get("refresh") ?? "")?.[1];
  assert.ok(onward !== undefined, done.text);
  await person.open(onward);
}

/** What the machine keeps for the server. */
export async function kept({ file }: Machine, { server }: LoginScene): Promise<Tokens> {
  const all = JSON.parse(await readFile(file, "utf8")) as Record<string, Tokens>;
  const found = all[server.url];
  assert.ok(found);
  return found;
}

/** Makes the access token look as if it were over. */
export async function agedTokens(machine: Machine, scene: LoginScene): Promise<Tokens> {
  const tokens = await kept(machine, scene);
  const aged = { [scene.server.url]: { ...tokens, expiresAt: Date.now() - 1 } };
  await writeFile(machine.file, JSON.stringify(aged));
  return tokens;
}

/** The status that REST answers to an access token. */
export async function statusWith({ server }: LoginScene, accessToken: string): Promise<number> {
  const answer = await fetch(`${server.url}/api/v1/whoami`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  await answer.body?.cancel();
  return answer.status;
}

export const withKey = { SLUICE_API_KEY: exampleKey };
