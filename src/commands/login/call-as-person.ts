import type { Login } from "../../engines/logins/logins.ts";
import type { Client } from "../../engines/outbound/client.ts";
import { Failure } from "../../kernel/failure.ts";
import type { LoginSurroundings } from "./login-command.ts";
import { freshLogin, loginInPlaceOf } from "./renewal.ts";

/**
 * Calls the server with the login that there is for it. Besides what `call` throws,
 * @throws Failure unauthenticated when nobody is logged in there, or no longer
 */
export function callAsPerson(
  surroundings: Pick<LoginSurroundings, "url" | "client" | "logins" | "clock">,
): Client["call"] {
  const { url, client } = surroundings;
  return async (method, path, body, headers = {}) => {
    const callAs = (login: Login | undefined) =>
      client.call(method, path, body, {
        ...headers,
        ...(login !== undefined && { authorization: `Bearer ${login.accessToken.reveal()}` }),
      });
    // What is open to everybody is not told who asks.
    if (!/^\/(?:api|capture)\//.test(path)) return callAs(undefined);
    const login = await freshLogin(surroundings);
    const answer = await callAs(login);
    if (answer.status !== 401) return answer;
    if (login === undefined)
      throw new Failure("unauthenticated", `Nobody is logged in at ${url}, and no key is given.`, {
        hint: "Run `sluice login`, or set SLUICE_API_KEY.",
      });
    return callAs(await loginInPlaceOf(login, surroundings));
  };
}
