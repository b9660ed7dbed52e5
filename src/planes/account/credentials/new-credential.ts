import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { heldScopes, isConfined, may, type Scope } from "../../../kernel/principal.ts";
import { Secret } from "../../../kernel/secret.ts";
import type { Context } from "../../../registry/context.ts";
import {
  credential,
  keptOf,
  newSecret,
  tokensMax,
  unrevoked,
  type CredentialRow,
  type CredentialValue,
} from "./credential.ts";
import { forms, Toolset, type StoredKind } from "./credential-form.ts";
import { CredentialView, viewOf } from "./credential-view.ts";

const dayMs = 24 * 3_600_000;

/** What is asked of every new credential. */
export const fields = {
  name: z.string().trim().min(1).max(100).describe("What it is for."),
  expiresInDays: z
    .union([z.literal(30), z.literal(60), z.literal(90), z.literal(365)])
    .nullable()
    .default(90)
    .describe("30, 60, 90 or 365 days; null = never."),
  toolsets: z
    .array(Toolset)
    .min(1)
    .max(10)
    .describe("Whose tools it lists over MCP unless asked for others: a view, and no permission."),
};

export const CreatedCredential = CredentialView.extend({ secret: z.string().describe("Shown this once.") });

type Asked = {
  readonly kind: StoredKind;
  /** The user whose it is. */
  readonly owner: string;
  readonly name: string;
  readonly expiresInDays: number | null;
} & Pick<CredentialValue, "toolsets"> &
  Partial<Pick<CredentialValue, "scopes" | "environment" | "buckets">>;

/** Makes a credential, and answers it with its secret, which is not to be had again. */
export function createCredential(
  { unit, now }: Pick<Context, "unit" | "now">,
  { kind, name, owner, expiresInDays, ...rest }: Asked,
): z.output<typeof CreatedCredential> {
  const secret = newSecret(kind);
  const row = unit.create(credential, {
    kind,
    name,
    owner,
    ...keptOf(secret),
    scopes: null,
    environment: null,
    buckets: null,
    expiresAt: expiresInDays === null ? null : now + expiresInDays * dayMs,
    revokedAt: null,
    ...rest,
  });
  return { ...viewOf(row, now), secret: sent(row, secret) };
}

/** A personal key is sent with its id in front. */
function sent({ id, value }: CredentialRow, secret: Secret): string {
  return value.kind === "personal-key" ? `${id}:${secret.reveal()}` : secret.reveal();
}

/**
 * A workspace has so many tokens of a kind that all of them can be listed, and revoked at once.
 *
 * @throws Failure quota_exceeded
 */
export async function refuseTooManyTokens(
  { unit }: Pick<Context, "unit">,
  kind: "mcp-token" | "management-token",
): Promise<void> {
  const where = unrevoked(kind);
  const { length: tokens } = await unit.find(credential, { limit: tokensMax, where });
  if (tokens >= tokensMax)
    throw new Failure(
      "quota_exceeded",
      `A workspace has at most ${tokensMax} ${forms[kind].title}s that are not revoked.`,
      { hint: "Revoke those that are expired or no longer used: revoke_credential." },
    );
  unit.limit(credential, tokensMax, where);
}

/** Nobody hands on more than they have; null = every scope there is. @throws Failure forbidden */
export function refuseToExceed(
  { principal, workspace, catalogue }: Context,
  scopes: readonly string[] | null,
): void {
  if (isConfined(principal))
    throw new Failure("forbidden", "A credential for a part of the workspace makes no others.");
  const missing = knownScopes(catalogue).find(
    (scope) => (scopes === null || scopes.includes(scope)) && !may(principal, scope, workspace),
  );
  if (missing === undefined) return;
  throw new Failure("forbidden", `You cannot hand on the scope ${missing}, which you do not have.`, {
    scope: missing,
    allowed: heldScopes(principal, workspace),
  });
}

/** @throws Failure invalid for a scope that no operation needs */
export function refuseUnknown({ catalogue }: Context, scopes: readonly string[]): void {
  const known = knownScopes(catalogue);
  const unknown = scopes.findIndex((name) => known.every((scope) => scope !== name));
  if (unknown < 0) return;
  throw new Failure("invalid", "There is no such scope.", { pointer: `/scopes/${unknown}`, allowed: known });
}

function knownScopes({ operations }: Context["catalogue"]): readonly Scope[] {
  return [...new Set([...operations.values()].map(({ scope }) => scope))].toSorted();
}
