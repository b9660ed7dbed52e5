import type { Secret } from "../../kernel/secret.ts";

/** Secrets at rest: AES-256-GCM under a ring of keys, each text bound to its owner. */
export type Vault = {
  /** Names the key that seals, and tells nothing of it; texts sealed by one name open where that key is in the ring. */
  readonly key: string;
  /**
   * `owner` names the place it belongs to, such as `ws_1/endpoint/ep_1/signingSecret`; it opens nowhere else.
   * The sealed form is base64url, and differs every time.
   */
  seal(secret: Secret, owner: string): string;
  /** @throws Error when it was sealed for another owner, by an unknown key, or was changed: a bug or tampering. */
  open(sealed: string, owner: string): Secret;
};
