import type { Login } from "../../engines/logins/logins.ts";
import { Failure } from "../../kernel/failure.ts";
import { refused, type AuthorizationServer } from "./authorization-server.ts";
import type { LoginSurroundings } from "./login-command.ts";

/** RFC 8628, 3.5. */
const slowerMs = 5_000;
const secondMs = 1_000;

/**
 * Logs in by a browser anywhere, into which a person types a code (RFC 8628).
 * @throws Failure forbidden when the person refused, unauthenticated when nobody decided in time
 */
export async function deviceLogin(
  server: Pick<AuthorizationServer, "device" | "tokens">,
  { clock, wait, print }: Pick<LoginSurroundings, "clock" | "wait" | "print">,
): Promise<Login> {
  const asked = await server.device();
  const over = clock.now() + asked.expires_in * secondMs;
  print(
    [
      `Open ${asked.verification_uri} in any browser and type the code:`,
      `\n  ${asked.user_code}\n`,
      `or open ${asked.verification_uri_complete}\n`,
    ].join("\n"),
  );
  let pauseMs = asked.interval * secondMs;
  while (clock.now() < over) {
    await wait(pauseMs);
    const issued = await server.tokens({
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: asked.device_code,
    });
    if (issued.kind === "issued") return issued.login;
    if (issued.error === "slow_down") pauseMs += slowerMs;
    else if (issued.error !== "authorization_pending") throw failureOf(issued);
  }
  throw expired();
}

function failureOf(issued: { readonly error: string; readonly description: string }): Failure {
  if (issued.error === "access_denied")
    return new Failure("forbidden", "The login was refused in the browser.");
  // Codes that are over may have been forgotten.
  return ["expired_token", "invalid_grant"].includes(issued.error) ? expired() : refused(issued);
}

function expired(): Failure {
  return new Failure("unauthenticated", "Nobody approved the login before its code was over.", {
    hint: "Run `sluice login` again.",
  });
}
