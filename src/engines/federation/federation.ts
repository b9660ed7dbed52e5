import type { Headers } from "../../kernel/exchange.ts";
import type { Secret } from "../../kernel/secret.ts";

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
  readonly send: FederationSend;
  readonly clock: { now(): number };
  /** One line of operational log. */
  readonly log: (line: string) => void;
};

/** The slice of the way out that a provider is asked through. */
export type FederationSend = (request: {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
  readonly timeoutMs: number;
  readonly readMax: number;
}) => Promise<
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Headers;
      readonly body: Uint8Array;
      readonly truncated: boolean;
    }
  | { readonly kind: "refused"; readonly refusal: { readonly message: string; readonly hint: string } }
  | { readonly kind: "unreachable"; readonly message: string }
>;
