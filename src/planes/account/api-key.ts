import { z } from "zod";
import { randomText } from "../../kernel/id.ts";
import { fingerprint, Secret } from "../../kernel/secret.ts";
import { resource, type Row } from "../../registry/resource.ts";

/** The index of the keys that count against the plan. */
export const unrevokedKeys = { standing: "unrevoked" } as const;

export const apiKey = resource({
  kind: "api_key",
  prefix: "key",
  shape: z.object({
    name: z.string(),
    user: z.string(),
    /** SHA-256 of the key, hex. The key itself is nowhere. */
    hash: z.string(),
    /** The first characters, to tell keys apart. */
    start: z.string(),
    expiresAt: z.int().nullable(),
    revokedAt: z.int().nullable(),
  }),
  masked: ["hash"],
  globalKeys: ({ hash }) => ({ hash }),
  indexes: ({ revokedAt }) => (revokedAt === null ? unrevokedKeys : {}),
});

export type ApiKeyRow = Row<(typeof apiKey)["shape"]>;

/** A new key: `mk_`, 48 random base62 characters (285 bits) and a check character, 52 in all. */
export function newApiKey(): Secret {
  const body = randomText(48);
  return new Secret(`mk_${body}${checkOf(body)}`);
}

/** What the store keeps of a key. */
export function keptOf(key: Secret): { readonly hash: string; readonly start: string } {
  const text = key.reveal();
  return { hash: fingerprint(text), start: text.slice(0, 7) };
}

/** `mk_` and 48 or 49 base62 characters; the 49th is a check character in keys we made. */
export const apiKeyPattern = /^mk_[0-9A-Za-z]{48,49}$/;

/** False when a full-length key has a check character that does not fit: it was mistyped. */
export function checks(key: string): boolean {
  return checkOf(key.slice(3, 51)) === key.slice(51);
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Weighted sum modulo 62: finds any single wrong character and most swaps. */
function checkOf(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i++) sum += (2 * i + 1) * (digits.indexOf(body.charAt(i)) + 1);
  return digits[sum % 62] ?? "0";
}
