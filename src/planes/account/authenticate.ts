import { Failure } from "../../kernel/failure.ts";
import { fingerprint } from "../../kernel/secret.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import { isStale, readThrough } from "../../registry/read-through.ts";
import { decodedRow } from "../../registry/unit.ts";
import type { ByToken } from "./oauth/oauth-principal.ts";
import { apiKey, apiKeyPattern, checks, type ApiKeyRow } from "./api-key.ts";

const failuresPerMinute = 60;
const cachedMax = 10_000;
const useRecordedEveryMs = 60_000;
export const useCollection = "credential_use";
const useKeptMs = 400 * 24 * 3_600_000;

/**
 * Who holds this API key. A key revoked or expired is refused from the next request on, and within a second by other
 * processes on the database; keys are looked up by their SHA-256, which is remembered until the record changes, or until
 * changes made elsewhere may not have come for a while.
 *
 * @returns a function that throws Failure unauthenticated (saying which of missing, malformed, unknown, expired,
 * revoked) or limited after 60 failures a minute from one address, or unavailable when the key cannot be looked up
 */
export function apiKeyAuthenticator(engines: Engines, person: ByToken = async () => undefined): Authenticate {
  const { clock, counters } = engines;
  const find = keysByText(engines);
  const noteUse = useNotes(engines);
  return async ({ authorization, resource, remoteAddress, client }) => {
    try {
      const text = bearerOf(authorization);
      const principal = await person(text, resource);
      if (principal !== undefined) {
        const [workspace = ""] = principal.workspaces.keys();
        noteUse({ ...principal, workspace }, client ?? "");
        return principal;
      }
      requireKey(text);
      const row = usable(await find(text), text, clock.now());
      const { id, workspace } = row;
      const key: Principal = {
        workspaces: new Map([[workspace, "all"]]),
        actor: { kind: "key", id },
        credential: { kind: "api-key", id },
        confines: {},
        toolsets: ["webhooks"],
      };
      noteUse({ ...key, workspace }, client ?? "");
      return key;
    } catch (error) {
      if (authorization === undefined) throw error;
      const { allowed, resetAt } = await counters.hit(`auth/${remoteAddress}`, failuresPerMinute, 60_000);
      if (allowed) throw error;
      throw new Failure("limited", "Too many failed sign-ins from this address.", {
        retryAfterMs: Math.max(0, resetAt - clock.now()),
        hint: "Wait, then send a valid key.",
      });
    }
  };
}

function keysByText({ store }: Engines): (text: string) => Promise<ApiKeyRow | undefined> {
  const known = new Map<string, ApiKeyRow>();
  let changes = 0;
  store.onChange((changed) => {
    if (!changed.some(({ kind }) => kind === apiKey.kind)) return;
    changes++;
    known.clear();
  });
  return async (text) => {
    const hash = fingerprint(text);
    const cached = isStale(store) ? undefined : known.get(hash);
    if (cached !== undefined) return cached;
    const changesBefore = changes;
    const stored = await readThrough(() => store.records.byGlobalKey(apiKey.kind, "hash", hash));
    if (stored === undefined) return undefined;
    const row = decodedRow(apiKey, stored);
    if (known.size >= cachedMax) known.clear();
    // It may have been read before a change that was told since, which nobody would tell again.
    if (changes === changesBefore) known.set(hash, row);
    return row;
  };
}

type User = Pick<Principal, "actor" | "credential"> & { readonly workspace: string };

/** Last use is a courtesy, noted at most once a minute: a call must not wait for it, nor fail because of it. */
function useNotes({ store, clock, log }: Engines): (by: User, client: string) => void {
  const usedAt = new Map<string, number>();
  return ({ credential: { id }, actor, workspace }, client) => {
    const at = clock.now();
    if (at - (usedAt.get(id) ?? 0) < useRecordedEveryMs) return;
    if (usedAt.size >= cachedMax) usedAt.clear();
    usedAt.set(id, at);
    const value = { at, client: client.slice(0, 200) };
    const entry = { collection: useCollection, key: id, value, expiresAt: at + useKeptMs, mustBeNew: false };
    store
      .commit({
        workspace,
        at,
        actor,
        operation: "credential_use",
        records: [],
        entries: [entry],
        outbox: [],
        audit: null,
      })
      .catch((error: unknown) => log(`last use of ${id} was not recorded: ${String(error)}`));
  };
}

function usable(row: ApiKeyRow | undefined, text: string, now: number): ApiKeyRow {
  if (row === undefined)
    throw refused(
      "This API key is not known.",
      checks(text)
        ? "It may belong to another server, or have been replaced."
        : "Its last character does not fit the others: it is mistyped or cut off.",
    );
  if (row.value.revokedAt !== null)
    throw refused("This API key was revoked.", "Create a new key and use that.");
  if (row.value.expiresAt !== null && row.value.expiresAt <= now)
    throw refused("This API key has expired.", "Create a new key and use that.");
  return row;
}

function bearerOf(authorization: string | undefined): string {
  if (authorization === undefined || authorization === "")
    throw new Failure("unauthenticated", "No credentials were sent.", {
      hint: "Send the header `Authorization: Bearer mk_…` with your API key.",
      signIn: true,
    });
  if (authorization.includes("${"))
    throw refused(
      "The Authorization header holds an unexpanded placeholder.",
      "Your client did not fill in ${…}: set that variable, or write the key itself.",
    );
  const text = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  if (text === undefined)
    throw refused(
      "The Authorization header is malformed.",
      "It must be exactly `Bearer mk_…`: one space, nothing around the key.",
    );
  return text;
}

function requireKey(text: string): void {
  if (apiKeyPattern.test(text)) return;
  throw refused("This is no API key.", "A key is mk_ and 49 letters and digits, 52 characters in all.");
}

function refused(message: string, hint: string): Failure {
  return new Failure("unauthenticated", message, { hint });
}
