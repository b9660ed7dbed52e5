import { Failure } from "../../kernel/failure.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import { kindMeant, kindOf, forms, type StoredKind } from "./credentials/credential-form.ts";
import { credentialUses } from "./credentials/credential-use.ts";
import { checks, type CredentialRow } from "./credentials/credential.ts";
import type { LiveMembers } from "./people/live-members.ts";
import { sessionPrincipal } from "./people/session-principal.ts";
import { sessions } from "./people/sessions.ts";
import { principalOf } from "./credentials/credential-principal.ts";
import { oauthPrincipals } from "./oauth/oauth-principal.ts";
import { storedCredentials } from "./credentials/stored-credentials.ts";
import { NotedRefusal } from "./noted-refusal.ts";
import type { SecurityEvent, SecurityNote } from "./security-note.ts";

const failuresPerMinute = 60;

/**
 * Who holds the credential of a request. One that is revoked or expired is refused from the next request on, and within a
 * second by other processes on the database. A management token has a header of its own, and where that is sent it alone
 * counts; a browser's session counts where there is no other credential.
 */
export function credentialReader(engines: Engines, members: LiveMembers): Authenticate {
  const { clock } = engines;
  const find = storedCredentials(engines);
  const noteUse = credentialUses(engines);
  const byToken = oauthPrincipals(engines, members);

  async function stored(kind: StoredKind, text: string, client: string | undefined): Promise<Principal> {
    const secret = text.slice(text.indexOf(":") + 1);
    const found = await find(secret);
    const row = usable(kind, sameKind(found, kind, text), secret, clock.now());
    noteUse(row, client ?? "");
    return principalOf(row, members);
  }

  const signedIn = sessionPrincipal(sessions(engines), members);

  return async (credentials) => {
    const { managementToken, authorization, client } = credentials;
    if (managementToken !== undefined) return stored("management-token", managed(managementToken), client);
    if (authorization === undefined || authorization === "") {
      const person = await signedIn(credentials);
      if (person !== undefined) return person;
      throw new Failure("unauthenticated", "No credentials were sent.", {
        signIn: true,
        hint: "Send the header `Authorization: Bearer mk_…` with your API key.",
      });
    }
    const text = bearerOf(authorization);
    const person = await byToken(text, credentials.resource);
    if (person === undefined) return stored(keyKindOf(text), text, client);
    const [workspace = ""] = person.workspaces.keys();
    noteUse({ id: person.credential.id, workspace }, client ?? "");
    return person;
  };
}

/** Reads credentials for those who just sent them, who are refused altogether after too many that failed. */
export function authenticator(
  read: Authenticate,
  { clock, counters }: Pick<Engines, "clock" | "counters">,
  note: SecurityNote,
): Authenticate {
  return async (credentials) => {
    const { remoteAddress } = credentials;
    try {
      return await read(credentials);
    } catch (error) {
      if (error instanceof NotedRefusal) note({ ...error.event, remoteAddress });
      if (!(error instanceof Failure) || error.kind !== "unauthenticated") throw error;
      if (error.detail.signIn === true) throw error;
      const source = `auth/${remoteAddress}`;
      const { allowed, resetAt } = await counters.hit(source, failuresPerMinute, 60_000);
      if (allowed) throw error;
      note({ operation: "credentials_locked_out", remoteAddress });
      throw new Failure("limited", "Too many failed sign-ins from this address.", {
        retryAfterMs: Math.max(0, resetAt - clock.now()),
        hint: "Wait, then send a valid key.",
      });
    }
  };
}

/** A secret counts only as what it was made as, and a personal key only with its own id. */
function sameKind(row: CredentialRow | undefined, kind: StoredKind, text: string): CredentialRow | undefined {
  if (row?.value.kind !== kind) return undefined;
  return kind === "personal-key" && !text.startsWith(`${row.id}:`) ? undefined : row;
}

function usable(
  kind: StoredKind,
  row: CredentialRow | undefined,
  secret: string,
  now: number,
): CredentialRow {
  const { title } = forms[kind];
  if (row === undefined)
    throw refused(
      { reason: "unknown" },
      `This ${title} is not known.`,
      checks(kind, secret)
        ? "It may belong to another server, or have been replaced."
        : "Its last character does not fit the others: it is mistyped or cut off.",
    );
  if (row.value.revokedAt !== null)
    throw refused(about("revoked", row), `This ${title} was revoked.`, `Create a new ${title} and use that.`);
  if (row.value.expiresAt !== null && row.value.expiresAt <= now)
    throw refused(about("expired", row), `This ${title} has expired.`, `Create a new ${title} and use that.`);
  return row;
}

function managed(text: string): string {
  refusePlaceholder("X-Management-Token", text);
  if (forms["management-token"].pattern.test(text)) return text;
  throw refused(malformed, "X-Management-Token holds no management token.", forms["management-token"].looks);
}

function bearerOf(authorization: string): string {
  refusePlaceholder("Authorization", authorization);
  const text = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  if (text === undefined)
    throw refused(
      malformed,
      "The Authorization header is malformed.",
      "It must be exactly `Bearer mk_…`: one space, nothing around the key.",
    );
  return text;
}

function keyKindOf(text: string): StoredKind {
  const meant = kindMeant(text);
  if (meant === "management-token")
    throw refused(
      malformed,
      "A management token is not taken from the Authorization header.",
      "Send it as `X-Management-Token: mgt_…`.",
    );
  const kind = kindOf(text);
  if (kind !== undefined) return kind;
  const { title, looks } = forms[meant ?? "api-key"];
  throw refused(
    malformed,
    meant === undefined ? "This is no key and no token." : `This is no ${title}.`,
    looks,
  );
}

function refusePlaceholder(header: string, text: string): void {
  if (!text.includes("${")) return;
  throw refused(
    malformed,
    `The ${header} header holds an unexpanded placeholder.`,
    "Your client did not fill in ${…}: set that variable, or write the key itself.",
  );
}

type About = Pick<SecurityEvent, "reason" | "workspace" | "subjects">;

const malformed: About = { reason: "malformed" };

/** Whose key it was is known: its workspace is told, or of a personal key its person. */
function about(reason: string, { id, workspace, value }: CredentialRow): About {
  return { reason, workspace, subjects: value.kind === "personal-key" ? [id, value.owner] : [id] };
}

function refused(of: About, message: string, hint: string): Failure {
  const event = { operation: "credential_refused", ...of } as const;
  return new NotedRefusal(event, "unauthenticated", message, { hint });
}
