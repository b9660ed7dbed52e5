import type { Secret } from "../../kernel/secret.ts";
import type { Send } from "../../kernel/send.ts";

/**
 * An external OpenID provider that vouches for people, as mechanics: who comes back from it is who it says. Whether they may
 * come in is decided by whoever uses it.
 */
export type Federation = {
  /** What people know it by: its host. */
  readonly name: string;
  readonly issuer: string;
  /**
   * Where to send a browser, and what to know of it when it comes back.
   *
   * @throws Failure unavailable when the provider cannot be asked where that is
   */
  depart(): Promise<{ readonly to: string; readonly departure: Departure }>;
  /**
   * Whom the provider vouches for, by the query that the browser came back with. The code in it is good once.
   *
   * @throws Failure unauthenticated when the person refused, or the answer is not one to this departure by this provider;
   *   unavailable when the provider cannot be asked
   */
  arrive(query: string, departure: Departure): Promise<Vouched>;
};

/** Known to this server and the browser that was sent alone. */
export type Departure = {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE. */
  readonly verifier: string;
};

export type Vouched = {
  /** Of the person for good: the issuer, a space, and the subject there. */
  readonly id: string;
  /** As the provider writes it; null when it has none, or does not say that it was verified. */
  readonly verifiedEmail: string | null;
  /** null when the provider does not say. */
  readonly name: string | null;
};

export type FederationNeeds = {
  /** As it calls itself: whatever says that it is another is refused. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** Where browsers come back to; asked once it is needed. */
  redirectUri(): string;
  readonly send: Send;
  readonly clock: { now(): number };
  /** One line of operational log. */
  readonly log: (line: string) => void;
};
