import { createHash, randomBytes } from "node:crypto";
import { loopbackAnswer, type LoopbackAnswer } from "../../engines/inbound/loopback-answer.ts";
import type { Login } from "../../engines/logins/logins.ts";
import { Failure } from "../../kernel/failure.ts";
import { refused, type AuthorizationServer } from "./authorization-server.ts";
import type { LoginSurroundings } from "./login-command.ts";

/** A person signs in, reads and decides meanwhile. */
const waitMs = 10 * 60_000;

/**
 * Logs in by a browser on this machine, which brings the answer to a port of it (RFC 8252, with PKCE).
 * @throws Failure forbidden when the person refused, unauthenticated when nobody decided in time or somebody else answered
 */
export async function browserLogin(
  server: AuthorizationServer,
  { clock, openBrowser, print }: Pick<LoginSurroundings, "clock" | "openBrowser" | "print">,
): Promise<Login> {
  const state = unguessable();
  const verifier = unguessable();
  const listener = await loopbackAnswer({ state, waitMs, clock });
  const { redirectUri } = listener;
  try {
    const address = server.approvalAddress({
      redirect_uri: redirectUri,
      state,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    const opened = await openBrowser(address);
    print(`${opened ? "Your browser opens" : "Open in a browser on this machine"}:\n\n  ${address}\n`);
    const code = codeIn(await listener.answer, server.issuer);
    const issued = await server.tokens({
      grant_type: "authorization_code",
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
    });
    if (issued.kind === "issued") return issued.login;
    throw refused(issued);
  } finally {
    await listener.close();
  }
}

function codeIn(answer: LoopbackAnswer | undefined, issuer: string): string {
  if (answer === undefined)
    throw new Failure("unauthenticated", "Nobody approved the login within 10 minutes.", {
      hint: "Run `sluice login` again.",
    });
  if (answer.issuer !== issuer)
    throw new Failure("unauthenticated", "The browser brought the answer of another server.", {
      hint: "Somebody may have sent you a link. Run `sluice login` again, and open the address it prints.",
    });
  if (answer.code !== null) return answer.code;
  if (answer.error === "access_denied")
    throw new Failure("forbidden", "The login was refused in the browser.");
  throw refused({ error: answer.error ?? "", description: "" });
}

function unguessable(): string {
  return randomBytes(32).toString("base64url");
}
