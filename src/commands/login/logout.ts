import { Failure } from "../../kernel/failure.ts";
import { commandArguments } from "../command.ts";
import { authorizationServer } from "./authorization-server.ts";
import type { LoginCommand } from "./login-command.ts";

/** `sluice logout`: the server forgets the tokens of this machine, and so does this machine. */
export const logout: LoginCommand = {
  name: "logout",
  does: "Ends the login of this machine, at the server and here.",
  flags: [],
  async run(args, { url, client, clock, logins, print }) {
    commandArguments(args, { usage: "sluice logout", words: 0, flags: [] });
    const ended = await logins.alone((kept) => {
      const login = kept.get(url);
      if (login !== undefined) kept.set(url, null);
      return Promise.resolve(login);
    });
    if (ended === undefined) {
      print(`Nobody is logged in at ${url}.`);
      return 0;
    }
    try {
      const server = await authorizationServer({ url, client, clock });
      await server.revoke(ended.refreshToken);
      await server.revoke(ended.accessToken);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure("unavailable", `The login is forgotten here, and ${url} could not be told.`, {
        hint: "Whoever copied it may use it: end the connection with `sluice revoke-connected-client`, or at /account.",
      });
    }
    print(`Logged out of ${url}. Your other machines stay logged in.`);
    return 0;
  },
};
