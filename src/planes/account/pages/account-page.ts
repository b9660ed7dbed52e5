import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { Secret } from "../../../kernel/secret.ts";
import { attempts } from "../attempts.ts";
import { fits } from "../password.ts";
import { newPassword } from "../password-rule.ts";
import { CreatedCredential } from "../new-credential.ts";
import { createPersonalKey } from "../operations/create-personal-key.ts";
import { revokeConnectedClient } from "../operations/revoke-connected-client.ts";
import { revokePersonalKey } from "../operations/revoke-personal-key.ts";
import { hasCsrf } from "../sessions.ts";
import { account, type Own } from "./account-view.ts";
import { seeOther } from "./page-frame.ts";
import { ownCall } from "./own-calls.ts";
import type { PageAt } from "./page-route.ts";
import type { Parts } from "./parts.ts";
import { lifetimes } from "./personal-keys-section.ts";

/** `/account`: who I am and where I belong, my clients and keys, my password, where I am signed in. Each form changes one of them. */
export function accountPages(parts: Parts): readonly PageAt[] {
  const { begin } = attempts(parts.engines);
  const page = (path: PageAt["path"], answer: (own: Own) => Promise<RawAnswer>): PageAt => ({
    path,
    async answer(request) {
      const session = await parts.signedIn.of(request.cookie);
      const user = session && (await parts.people.byId(session.user));
      if (session === undefined || user === undefined) return seeOther("/sign-in");
      const own = { request, session, user };
      if (request.method === "GET") return path === "/account" ? answer(own) : seeOther("/account");
      try {
        requireCsrf(own);
        return await answer(own);
      } catch (error) {
        if (error instanceof Failure) return account(parts, own, { failure: error });
        throw error;
      }
    },
  });
  return [
    page("/account", (own) => account(parts, own)),
    page("/account/password", async (own) => {
      const { form, from } = own.request;
      const attempt = await begin(own.user.id, from.remoteAddress);
      await requirePassword(parts, own);
      attempt.succeeded();
      const password = await newPassword(form("password"), own.user.value);
      const user = await parts.people.update(own.user, { password }, { operation: "change_password" });
      await parts.signedIn.endAll(user.id, own.session);
      return account(
        parts,
        { ...own, user },
        { done: "Your password is changed, and you are signed out everywhere else." },
      );
    }),
    page("/account/sessions/end", async (own) => {
      const id = own.request.form("session");
      const ended = (await parts.signedIn.list(own.user.id)).find((it) => it.id === id);
      if (ended !== undefined) await parts.signedIn.end({ id, user: own.user.id });
      return id === own.session.id
        ? signedOut(parts)
        : account(parts, own, { done: "That session is ended." });
    }),
    page("/account/sessions/end-others", async (own) => {
      await parts.signedIn.endAll(own.user.id, own.session);
      return account(parts, own, { done: "You are signed out everywhere else." });
    }),
    page("/account/keys", async (own) => {
      const { form } = own.request;
      const expires = lifetimes.find(([days]) => String(days ?? "") === form("expires"));
      const input = { name: form("name"), expiresInDays: expires === undefined ? 0 : expires[0] };
      const made = await ownCall(parts, own, { of: createPersonalKey, input });
      return account(parts, own, { created: CreatedCredential.parse(made).secret });
    }),
    page("/account/keys/revoke", async (own) => {
      await ownCall(parts, own, {
        of: revokePersonalKey,
        input: { credentialId: own.request.form("key") },
      });
      return account(parts, own, { done: "That key is revoked." });
    }),
    page("/account/connections/end", async (own) => {
      const { form } = own.request;
      await ownCall(parts, own, {
        of: revokeConnectedClient,
        input: { connectionId: form("connection"), workspaceId: form("workspace") },
      });
      return account(parts, own, { done: "That client is disconnected." });
    }),
    page("/account/sign-out", async (own) => {
      await parts.signedIn.end(own.session);
      return signedOut(parts);
    }),
  ];
}

function signedOut({ signedIn }: Parts): RawAnswer {
  return seeOther("/sign-in", [signedIn.forget()]);
}

/** @throws Failure forbidden when the form is not of this session */
function requireCsrf({ request, session }: Own): void {
  if (hasCsrf(session, request.form("csrf"))) return;
  throw new Failure("forbidden", "This form was too old.", { hint: "Send it again." });
}

/** The password there is, so that who finds a browser open cannot make it theirs. @throws Failure unauthenticated */
async function requirePassword({ people }: Parts, { request, user }: Own): Promise<void> {
  const kept = people.passwordOf(user);
  if (kept === undefined) return;
  if ((await fits(new Secret(request.form("current")), kept)).fits) return;
  throw new Failure("unauthenticated", "That is not your password.", { pointer: "/current" });
}
