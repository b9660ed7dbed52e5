import type { Login } from "../../engines/logins/logins.ts";
import { Failure } from "../../kernel/failure.ts";
import { authorizationServer } from "./authorization-server.ts";
import type { LoginSurroundings } from "./login-command.ts";

/** An access token that is over so soon is renewed: the call that takes it is on its way for a while. */
const marginMs = 60_000;

type Renewing = Pick<LoginSurroundings, "url" | "client" | "logins" | "clock">;

/**
 * The login at the server, renewed when it is about to end; undefined when there is none.
 * @throws Failure unauthenticated when it is over, unavailable when the server cannot be asked
 */
export function freshLogin(renewing: Renewing): Promise<Login | undefined> {
  return renewedUnless(renewing, ({ expiresAt }) => expiresAt - renewing.clock.now() > marginMs);
}

/** As `freshLogin`, for one whose access token the server did not take: it was revoked. */
export function loginInPlaceOf(refused: Login, renewing: Renewing): Promise<Login | undefined> {
  return renewedUnless(renewing, (it) => it.accessToken.reveal() !== refused.accessToken.reveal());
}

/** Of commands that run at once one renews, and the others take what it got. */
async function renewedUnless(
  { url, client, logins, clock }: Renewing,
  isGood: (login: Login) => boolean,
): Promise<Login | undefined> {
  const present = logins.get(url);
  if (present === undefined || isGood(present)) return present;
  return logins.alone(async (kept) => {
    const login = kept.get(url);
    if (login === undefined || isGood(login)) return login;
    const server = await authorizationServer({ url, client, clock });
    const issued = await server.tokens({
      grant_type: "refresh_token",
      refresh_token: login.refreshToken.reveal(),
    });
    if (issued.kind === "refused")
      throw new Failure("unauthenticated", `Your login at ${url} is over.`, {
        hint: "Run `sluice login` again.",
      });
    kept.set(url, issued.login);
    return issued.login;
  });
}
