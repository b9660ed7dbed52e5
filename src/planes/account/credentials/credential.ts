import { z } from "zod";
import { randomText } from "../../../kernel/id.ts";
import { fingerprint, Secret } from "../../../kernel/secret.ts";
import { resource, type Row } from "../../../registry/resource.ts";
import { forms, StoredKind, Toolset } from "./credential-form.ts";

/** The index of those of a kind that are not revoked, expired ones too: what is limited, and listed first. */
export function unrevoked(kind: StoredKind) {
  return { standing: `unrevoked ${kind}` } as const;
}

/** MCP tokens of a workspace that are not revoked, and management tokens too: no more than one commit can revoke with the rest. */
export const tokensMax = 1_000;

/** What a program proves itself with. Personal keys are of the whole server, the others of one workspace. */
export const credential = resource({
  kind: "credential",
  prefix: "key",
  shape: z.object({
    kind: StoredKind,
    name: z.string(),
    /** The user whose it is, whether they made it or another credential of theirs did: it ends with their membership. */
    owner: z.string(),
    /** SHA-256 of the secret part, hex. The secret itself is nowhere. */
    hash: z.string(),
    /** The first characters, to tell credentials apart. */
    start: z.string(),
    /** null = all there are, or for a personal key those that the user has. */
    scopes: z.array(z.string()).nullable(),
    /** null = not confined. */
    environment: z.string().nullable(),
    buckets: z.array(z.string()).nullable(),
    toolsets: z.array(Toolset),
    expiresAt: z.int().nullable(),
    revokedAt: z.int().nullable(),
  }),
  masked: ["hash"],
  globalKeys: ({ hash }) => ({ hash }),
  indexes: ({ kind, owner, revokedAt, environment }) => ({
    kind,
    owner,
    ...(revokedAt === null && unrevoked(kind)),
    ...(environment !== null && revokedAt === null && { environment }),
  }),
});

export type CredentialRow = Row<(typeof credential)["shape"]>;
export type CredentialValue = CredentialRow["value"];

/** A new secret: the prefix of its kind, 48 random base62 characters (285 bits) and a check character. */
export function newSecret(kind: StoredKind): Secret {
  const body = randomText(48);
  return new Secret(`${forms[kind].prefix}${body}${checkOf(body)}`);
}

/** What the store keeps of a secret. */
export function keptOf(secret: Secret): Pick<CredentialValue, "hash" | "start"> {
  const text = secret.reveal();
  return { hash: fingerprint(text), start: text.slice(0, 7) };
}

/** False when a secret of full length has a check character that does not fit: it was mistyped. */
export function checks(kind: StoredKind, secret: string): boolean {
  const body = secret.slice(forms[kind].prefix.length);
  return body.length < 49 || checkOf(body.slice(0, 48)) === body.slice(48);
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Weighted sum modulo 62: finds any single wrong character and most swaps. */
function checkOf(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i++) sum += (2 * i + 1) * (digits.indexOf(body.charAt(i)) + 1);
  return digits[sum % 62] ?? "0";
}
