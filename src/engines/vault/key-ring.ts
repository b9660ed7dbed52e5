import type { KeyObject } from "node:crypto";
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { Secret } from "../../kernel/secret.ts";
import type { Vault } from "./vault.ts";

/** AES-256 keys. The current one seals; it and the older ones open. */
export type KeyRing = { readonly current: KeyObject; readonly older: readonly KeyObject[] };

const cipher = "aes-256-gcm";
const format = 1;
const idBytes = 4;
const headBytes = 1 + idBytes;
/** NIST SP 800-38D: with random 96-bit nonces one key may seal 2^32 texts, far beyond any configuration. */
const nonceBytes = 12;
const tagBytes = 16;
const overheadBytes = headBytes + nonceBytes + tagBytes;

/**
 * Sealed form: base64url of format (1 byte), key id (4), nonce (12), tag (16) and ciphertext. Format, key id and
 * owner are authenticated with it. A key's id is the start of its SHA-256, so a ring needs no names.
 *
 * @throws RangeError when a key of the ring is not 32 bytes long or is there twice
 */
export function keyRingVault(ring: KeyRing): Vault {
  const keys = keysById(ring);
  const current = idOf(ring.current);
  return {
    key: current,
    seal(secret, owner) {
      const head = Buffer.concat([Buffer.of(format), Buffer.from(current, "hex")]);
      const nonce = randomBytes(nonceBytes);
      const sealing = createCipheriv(cipher, ring.current, nonce, { authTagLength: tagBytes });
      sealing.setAAD(bound(head, owner));
      const text = Buffer.concat([sealing.update(secret.reveal(), "utf8"), sealing.final()]);
      return Buffer.concat([head, nonce, sealing.getAuthTag(), text]).toString("base64url");
    },
    open(sealed, owner) {
      const bytes = bytesOf(sealed);
      const head = bytes.subarray(0, headBytes);
      const id = head.toString("hex", 1);
      const key = keys.get(id);
      if (key === undefined) {
        throw new Error(`The secret of ${owner} was sealed by key ${id}, which is not in the key ring.`);
      }
      const nonce = bytes.subarray(headBytes, headBytes + nonceBytes);
      const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes });
      opening.setAAD(bound(head, owner));
      opening.setAuthTag(bytes.subarray(headBytes + nonceBytes, overheadBytes));
      try {
        const text = Buffer.concat([opening.update(bytes.subarray(overheadBytes)), opening.final()]);
        return new Secret(text.toString("utf8"));
      } catch (error) {
        throw new Error(`The secret of ${owner} was changed, or was sealed for another owner.`, {
          cause: error,
        });
      }
    },
  };
}

function keysById(ring: KeyRing): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const key of [ring.current, ...ring.older]) {
    if (key.symmetricKeySize !== 32) throw new RangeError("A key of the ring is not 32 bytes long.");
    const id = idOf(key);
    if (keys.has(id)) throw new RangeError(`The key ${id} is in the ring twice.`);
    keys.set(id, key);
  }
  return keys;
}

function idOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export())
    .digest("hex")
    .slice(0, 2 * idBytes);
}

function bound(head: Uint8Array, owner: string): Buffer {
  return Buffer.concat([head, Buffer.from(owner, "utf8")]);
}

/** Only the one spelling that `seal` gives is accepted: Node decodes many spellings to the same bytes. */
function bytesOf(sealed: string): Buffer {
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length < overheadBytes || bytes[0] !== format || bytes.toString("base64url") !== sealed) {
    throw new Error("This is not a text that the vault sealed.");
  }
  return bytes;
}
