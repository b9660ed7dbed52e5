import { createHmac, createPublicKey, createSecretKey, verify as verifySignature } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { sameBytes } from "../../kernel/secret.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { HmacScheme, SignatureScheme } from "./scheme.ts";

/** What is signed, in pieces, so that the body is not copied; text is Latin-1, as header values arrive decoded. */
export type Content = readonly (string | Uint8Array)[];

export type Algorithm = {
  keyFits(key: Buffer): boolean;
  /** Whether one of the signatures is right; how many bytes of a wrong one are right does not show in its time. */
  matches(key: Buffer, content: Content, signatures: readonly Buffer[]): boolean;
};

export const algorithms: Readonly<Record<SignatureScheme["algorithm"], Algorithm>> = {
  "hmac-sha1": hmac("hmac-sha1"),
  "hmac-sha256": hmac("hmac-sha256"),
  "hmac-sha512": hmac("hmac-sha512"),
  ed25519: {
    keyFits: (key) => key.length === 32,
    matches(key, content, signatures) {
      const publicKey = createPublicKey({ key: ed25519Spki(key), format: "der", type: "spki" });
      const whole = Buffer.concat(content.map(bytesOf));
      return signatures.some((given) => verifySignature(null, whole, publicKey, given));
    },
  },
};

function hmac(algorithm: HmacScheme["algorithm"]): Algorithm {
  return {
    keyFits: (key) => key.length > 0,
    matches(key, content, signatures) {
      const expected = hmacOf(algorithm, key, content);
      return signatures.some((given) => sameBytes(given, expected));
    },
  };
}

export function hmacOf(algorithm: HmacScheme["algorithm"], key: Buffer, content: Content): Buffer {
  const mac = createHmac(algorithm.slice("hmac-".length), keyObjectOf(key));
  for (const part of content) {
    if (typeof part === "string") mac.update(part, "latin1");
    else mac.update(part);
  }
  return mac.digest();
}

/** Node 24 needs 11 us more for a key given as bytes. */
function keyObjectOf(key: Buffer): KeyObject {
  const known = keyObjects.get(key);
  if (known !== undefined) return known;
  const made = createSecretKey(key);
  keyObjects.set(key, made);
  return made;
}

const keyObjects = new WeakMap<Buffer, KeyObject>();

/** The bytes of a header value as they were sent. */
export function bytesOf(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? Buffer.from(part, "latin1") : part;
}

/** Decoding a key costs as much as using it, and an endpoint signs and verifies with the same one all the time. */
const keys = new WeakMap<Secret, Map<SignatureScheme["key"], Buffer | string>>();

/** The key's bytes, or why the secret gives none. */
export function keyOf(scheme: SignatureScheme, secret: Secret): Buffer | string {
  const known = keys.get(secret)?.get(scheme.key);
  if (known !== undefined) return known;
  const key = decodedKey(scheme, secret);
  const ofSecret = keys.get(secret) ?? new Map<SignatureScheme["key"], Buffer | string>();
  keys.set(secret, ofSecret.set(scheme.key, key));
  return key;
}

function decodedKey(scheme: SignatureScheme, secret: Secret): Buffer | string {
  const { encoding, prefix = "" } = scheme.key;
  const text = secret.reveal();
  const bare = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  const key = encoding === "utf8" ? Buffer.from(bare, "utf8") : decoded(bare, encoding);
  if (key === undefined) {
    const after = prefix === "" ? "" : ` after \`${prefix}\``;
    return `The endpoint's secret is not ${encoding}${after}.`;
  }
  return algorithms[scheme.algorithm].keyFits(key)
    ? key
    : `The endpoint's secret is no ${scheme.algorithm} key.`;
}

/** Strict, since Node skips what it does not understand: one text, one value. Base64 of either alphabet, padded or not. */
export function decoded(text: string, encoding: "hex" | "base64"): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  if (encoding === "hex") return bytes.length * 2 === text.length ? bytes : undefined;
  const bare = text
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .replace(/={1,2}$/, "");
  return bytes.toString("base64").replace(/={1,2}$/, "") === bare ? bytes : undefined;
}

/** RFC 8410: the fixed head of an Ed25519 SubjectPublicKeyInfo, then the 32 bytes of the key. */
function ed25519Spki(key: Buffer): Buffer {
  return Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
}
