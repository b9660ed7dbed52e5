import type { Login } from "../../engines/logins/logins.ts";
import { Failure } from "../../kernel/failure.ts";
import { whoami } from "../../planes/account/operations/whoami.ts";
import { commandArguments } from "../command.ts";
import { authorizationServer, type AuthorizationServer } from "./authorization-server.ts";
import { browserLogin } from "./browser-login.ts";
import { deviceLogin } from "./device-login.ts";
import type { LoginCommand, LoginSurroundings } from "./login-command.ts";

/** `sluice login`: a person approves this command line, as far as they choose, in one workspace of theirs. */
export const login: LoginCommand = {
  name: "login",
  does: "Logs you in at the server with a browser: login [--device | --browser].",
  flags: [
    {
      name: "device",
      does: "By a code, for a browser on any machine; so by itself over SSH and without a terminal.",
      bare: true,
    },
    { name: "browser", does: "By a browser on this machine, terminal or not.", bare: true },
  ],
  async run(args, surroundings) {
    const { flags } = commandArguments(args, {
      usage: "sluice login [--device | --browser]",
      words: 0,
      flags: ["--device", "--browser"],
    });
    if (flags.size > 1)
      throw new Failure("invalid", "It is either --device or --browser.", { hint: "Give one of them." });
    const { url, print, hasKey } = surroundings;
    const server = await authorizationServer(surroundings);
    const byDevice = flags.has("--device") || (flags.size === 0 && !surroundings.isHere);
    const got = await (byDevice ? deviceLogin : browserLogin)(server, surroundings);
    await keep(got, server, surroundings);
    print(`Logged in at ${url}${await personOf(got, surroundings)}.`);
    if (hasKey) print("The key in SLUICE_API_KEY or --key counts before the login, wherever one is given.");
    return 0;
  },
};

async function keep(
  got: Login,
  server: AuthorizationServer,
  { url, logins }: LoginSurroundings,
): Promise<void> {
  const earlier = await logins.alone((kept) => {
    const replaced = kept.get(url);
    kept.set(url, got);
    return Promise.resolve(replaced);
  });
  if (earlier === undefined) return;
  try {
    await server.revoke(earlier.refreshToken);
    await server.revoke(earlier.accessToken);
  } catch (error) {
    // The login stands all the same; what it replaced ends by itself.
    if (!(error instanceof Failure)) throw error;
  }
}

/** Such as ` as Ada <ada@example.com>, in the workspace default`; nothing where they did not allow to look. */
async function personOf(got: Login, { client }: LoginSurroundings): Promise<string> {
  const { status, json } = await client.call("GET", `/api/v1${whoami.path}`, undefined, {
    authorization: `Bearer ${got.accessToken.reveal()}`,
  });
  const said = whoami.output.safeParse(json);
  if (status !== 200 || !said.success || said.data.person === null) return "";
  const { person, workspace } = said.data;
  const email = person.email === null ? "" : ` <${person.email}>`;
  return ` as ${person.name}${email}, in the workspace ${workspace.name}`;
}
