import { generateKeyPair, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { newId } from "../../kernel/id.ts";
import { Secret } from "../../kernel/secret.ts";
import { entry } from "./entry-place.ts";
import type { Kept } from "./oidc-adapter.ts";

const newPair = promisify(generateKeyPair);
const rsaBits = 2048;
const cookieKeyBytes = 32;

const collection = "oauth_keys";
const key = "keys";
const owner = "server/oauth_keys/keys";

const Jwk = z.looseObject({ kty: z.string(), kid: z.string() });
const Keys = z.object({ cookieKey: z.string(), jwks: z.object({ keys: z.array(Jwk) }) });

/** What signs cookies and id tokens. */
export type OidcKeys = z.output<typeof Keys>;

/** The keys of this database, made when it has none: every process signs with the same ones, and they are kept sealed. */
export async function oidcKeys({ place, vault }: Pick<Kept, "place" | "vault">): Promise<OidcKeys> {
  const found = await place.get(collection, key);
  if (found !== undefined) {
    const sealed = z.object({ sealed: z.string() }).parse(found);
    return Keys.parse(JSON.parse(vault.open(sealed.sealed, owner).reveal()));
  }
  const keys = await newKeys();
  const value = { sealed: vault.seal(new Secret(JSON.stringify(keys)), owner) };
  try {
    await place.put({ ...entry(collection, key, value, Number.MAX_SAFE_INTEGER), mustBeNew: true });
    return keys;
  } catch (error) {
    // Another process made some at the same moment, and those count.
    if (error instanceof Failure && error.kind === "conflict") return oidcKeys({ place, vault });
    throw error;
  }
}

async function newKeys(): Promise<OidcKeys> {
  const { privateKey } = await newPair("rsa", { modulusLength: rsaBits });
  const jwk = { ...privateKey.export({ format: "jwk" }), kid: newId("key"), use: "sig", alg: "RS256" };
  return Keys.parse({
    cookieKey: randomBytes(cookieKeyBytes).toString("base64url"),
    jwks: { keys: [jwk] },
  });
}
