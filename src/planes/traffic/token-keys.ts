import { randomBytes } from "node:crypto";
import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { newId } from "../../kernel/id.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Engines } from "../../registry/engines.ts";
import { PlaceName } from "../../registry/environment.ts";
import { plainChange } from "../../registry/plain-change.ts";
import { resource, secretOwner } from "../../registry/resource.ts";

const keyBytes = 32;
const field = "key";

/**
 * What replaced values are told apart by: the same value becomes the same token throughout an environment, and nobody can
 * try values out without the key. One for each environment, made when it is first needed.
 */
export const tokenKey = resource({
  kind: "token-key",
  prefix: "tky",
  shape: z.object({ environment: PlaceName }),
  secrets: [field],
  keys: ({ environment }) => ({ environment }),
});

export type TokenKeys = {
  /** 32 bytes. @throws Failure unavailable */
  of(workspace: string, environment: string): Promise<Uint8Array>;
};

export function tokenKeys(engines: Pick<Engines, "store" | "vault" | "clock">): TokenKeys {
  const known = new Map<string, Promise<Uint8Array>>();
  return {
    of(workspace, environment) {
      const name = `${workspace}/${environment}`;
      const key = known.get(name) ?? find(workspace, environment, engines);
      known.set(name, key);
      // What could not be found out is asked for again.
      key.catch(() => known.delete(name));
      return key;
    },
  };
}

async function find(
  workspace: string,
  environment: string,
  engines: Pick<Engines, "store" | "vault" | "clock">,
): Promise<Uint8Array> {
  const stored = await storedKey(workspace, environment, engines);
  if (stored !== undefined) return stored;
  try {
    await make(workspace, environment, engines);
  } catch (error) {
    // Another node made it at the same moment.
    if (!(error instanceof Failure) || error.kind !== "conflict") throw error;
  }
  const made = await storedKey(workspace, environment, engines);
  if (made === undefined) throw new Error("the token key that was just made is not there");
  return made;
}

async function storedKey(
  workspace: string,
  environment: string,
  { store, vault }: Pick<Engines, "store" | "vault">,
): Promise<Uint8Array | undefined> {
  const stored = await store.records.byKey(workspace, tokenKey.kind, "environment", environment);
  const sealed = stored?.secrets[field];
  if (stored === undefined || sealed === undefined) return undefined;
  const text = vault.open(sealed, secretOwner(workspace, tokenKey.kind, stored.id, field)).reveal();
  return Buffer.from(text, "base64");
}

async function make(
  workspace: string,
  environment: string,
  { store, vault, clock }: Pick<Engines, "store" | "vault" | "clock">,
): Promise<void> {
  const id = newId(tokenKey.prefix);
  const secret = new Secret(randomBytes(keyBytes).toString("base64"));
  const value = { environment };
  const change = plainChange({ kind: tokenKey.kind, id, value, keys: tokenKey.keys(value) });
  await store.commit({
    workspace,
    at: clock.now(),
    actor: { kind: "system", id: "capture" },
    operation: "make_token_key",
    records: [
      {
        ...change,
        secrets: { [field]: vault.seal(secret, secretOwner(workspace, tokenKey.kind, id, field)) },
      },
    ],
    entries: [],
    outbox: [],
    audit: null,
  });
}
