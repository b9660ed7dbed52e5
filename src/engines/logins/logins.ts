import type { Secret } from "../../kernel/secret.ts";

/** What one machine holds of a person's login at one server. */
export type Login = {
  readonly accessToken: Secret;
  readonly refreshToken: Secret;
  /** Of the access token, ms since the epoch. */
  readonly expiresAt: number;
};

/** The logins of whoever uses this machine, by the address of the server. */
export type Logins = {
  /** @throws Failure when they are kept but cannot be read, or others may read them */
  get(url: string): Login | undefined;
  /**
   * Runs `use` while nobody else, of this process or another, changes a login.
   * @throws Failure unavailable when somebody else is at it for 30 s, or whatever `use` throws
   */
  alone<T>(use: (kept: KeptLogins) => Promise<T>): Promise<T>;
};

export type KeptLogins = {
  get(url: string): Login | undefined;
  /** null removes it. Kept when this returns, whole or as before. */
  set(url: string, login: Login | null): void;
};
