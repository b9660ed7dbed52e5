import type { Headers } from "../../kernel/exchange.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Send } from "../../kernel/send.ts";
import type { EntryStore } from "./entry-place.ts";

export { changedGrant } from "./entry-place.ts";

/**
 * An OAuth 2.1 authorization server as mechanics: requests of clients, codes, tokens and what they were granted for. Who a
 * person is, what they may do and what a page looks like is decided by whoever uses it.
 */
export type Identity = {
  /** Where it answers: exact paths, or all below one that ends in `/`. */
  readonly paths: readonly string[];
  /** Answers what clients and browsers ask at `paths`. @throws Failure unavailable when the store cannot be used */
  handle(request: IdentityRequest): Promise<IdentityAnswer>;
  /**
   * What a browser was sent to `/oauth/interaction/…` to decide; undefined when it is over, decided, or another browser's,
   * which the cookie of the request tells.
   */
  pending(request: IdentityRequest): Promise<Pending | undefined>;
  /** Grants, and answers where to send the browser: from there it goes on to the client. undefined as in `pending`. */
  approve(
    request: IdentityRequest,
    approval: Approval,
  ): Promise<{ readonly next: string; readonly grant: string } | undefined>;
  /** As `approve`; the client is told `access_denied`. */
  refuse(request: IdentityRequest): Promise<string | undefined>;
  /**
   * What an access token stands for at this moment; undefined when it is unknown, expired or its grant was revoked: here at
   * once, by another process within a second.
   */
  token(text: string): Promise<AccessToken | undefined>;
  /** undefined when it was revoked, or not used for `idleDays`. */
  grant(id: string): Promise<Grant | undefined>;
  /** Approved last first, at most 10,000. */
  grants(of: { readonly account: string } | { readonly realm: string }): Promise<readonly Grant[]>;
  /** Sets what the client is shown; undefined when the grant is over. Other processes see it within a second. */
  show(grant: string, toolsets: readonly string[]): Promise<Grant | undefined>;
  /** Every token of the grant is refused from now on, by other processes within a second. Revoking what is gone changes nothing. */
  revoke(grant: string): Promise<void>;
};

/** What an authorization server is for, and what it may use. */
export type IdentityNeeds = {
  readonly clock: { now(): number };
  readonly store: EntryStore;
  /** What its entries belong to, apart from those of people. */
  readonly workspace: string;
  readonly vault: {
    seal(secret: Secret, owner: string): string;
    open(sealed: string, owner: string): Secret;
  };
  readonly send: Send;
  /** Where it is reached, without a trailing slash; asked once it is first needed. */
  issuer(): string;
  /** Where tokens may be made out to, and what for. The first is meant when a client names none. */
  readonly resources: readonly Resource[];
  /** Clients that are known without registering. */
  readonly clients: readonly BuiltInClient[];
  /** Whether a person still exists: tokens of others are not renewed. */
  knows(account: string): Promise<boolean>;
  /** Counts one use by this address; false = too many. */
  may(use: LimitedUse, remoteAddress: string): Promise<boolean>;
  /** Told of a client that registered, or whose document was read and will do: whenever it is read again. */
  accepted(client: Pick<Client, "id" | "name" | "from">, remoteAddress: string): void;
  /** Told when a grant ended and no `revoke` of ours ended it. */
  ended(grant: Grant, how: "replayed" | "given back"): Promise<void>;
  /** One line of operational log. */
  readonly log: (line: string) => void;
};

/** Something that takes tokens: `path` is below the issuer, such as `/mcp`. */
export type Resource = {
  readonly path: string;
  readonly scopes: readonly string[];
  /** Of those, what no client can have that is not built in, whatever it asks for. */
  readonly reserved: readonly string[];
};

export type BuiltInClient = {
  readonly id: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
};

/** What costs more than looking something up, or can be guessed. */
export type LimitedUse = "register" | "document" | "authorize" | "device-code";

export type IdentityRequest = {
  readonly method: string;
  /** Path and query, as received. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly remoteAddress: string;
};

export type IdentityAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** null = the page is to be rendered in its place. */
  readonly body: string | null;
  readonly page: IdentityPage | null;
};

/** What a browser is to be shown. Texts of clients among it were written by anybody. */
export type IdentityPage =
  | { readonly kind: "error"; readonly error: string; readonly description: string }
  /** A form for the code that a device shows, posted to `action` as `user_code` with `xsrf`. */
  | {
      readonly kind: "user-code";
      readonly action: string;
      readonly xsrf: string;
      /** What stands in the field. */
      readonly userCode: string;
      /** Why the code given before did not do. */
      readonly problem: "unknown" | "aborted" | "failed" | null;
    }
  /** Asks whether the device shows this code: posted as `user_code` with `xsrf` and `confirm` or `abort` = `yes`. */
  | {
      readonly kind: "confirm-device";
      readonly action: string;
      readonly xsrf: string;
      readonly userCode: string;
      readonly client: string;
      readonly remoteAddress: string;
    }
  | { readonly kind: "device-connected"; readonly client: string };

/** Whoever wants to act for a person. All of it but the id was written by the client, or by whoever registered it. */
export type Client = {
  readonly id: string;
  readonly name: string;
  readonly uri: string | null;
  /** `document`: described at the address that is its id, so its host vouches for it. `registered`: by anybody, today. */
  readonly from: "document" | "registered" | "built-in";
  readonly redirectUris: readonly string[];
};

export type Pending = {
  readonly id: string;
  readonly client: Client;
  /** Where the answer goes; null when a device waits for it. */
  readonly redirectUri: string | null;
  /** Where the token will be good for. */
  readonly resource: string;
  /** Of those there are at the resource, in their order; all of them when the client named none. */
  readonly scopes: readonly string[];
};

export type Approval = {
  readonly account: string;
  /** What the grant is bound to besides the account, such as a workspace. */
  readonly realm: string;
  /** Some of those asked for; at least one. */
  readonly scopes: readonly string[];
  /** What the client is shown, kept as it is; without, it stays as it was. */
  readonly toolsets?: readonly string[];
};

export type AccessToken = {
  readonly account: string;
  readonly realm: string;
  readonly grant: string;
  readonly client: Pick<Client, "id" | "name">;
  /** Of the token and still of its grant. */
  readonly scopes: readonly string[];
  /** What the client is shown; null = nothing in particular was chosen. */
  readonly toolsets: readonly string[] | null;
  /** The resource it is made out to. */
  readonly audience: string;
  readonly expiresAt: number;
};

/** What an account let a client do in one realm; approving again replaces it, and its tokens follow. */
export type Grant = {
  readonly id: string;
  readonly account: string;
  readonly realm: string;
  readonly client: Pick<Client, "id" | "name" | "uri" | "from">;
  /** By resource. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
  /** What the client is shown; null = nothing in particular was chosen. */
  readonly toolsets: readonly string[] | null;
  readonly createdAt: number;
  readonly approvedAt: number;
  /** When a token was last issued from it. */
  readonly renewedAt: number;
  /** It is over then unless a token is issued before. */
  readonly expiresAt: number;
};

/** An access token is good for so long. */
export const accessTokenMs = 60 * 60 * 1000;
/** A grant from which no token was issued for so long is over. */
export const idleDays = 60;
/** A grant is over so long after it was approved, however much it is used. */
export const grantDays = 365;
/** How long after a refresh token was used it may be used again: processes of one client share it and race. */
export const refreshGraceMs = 30_000;
/** A client that registered and was never approved is forgotten. */
export const unusedClientMs = 24 * 60 * 60 * 1000;
