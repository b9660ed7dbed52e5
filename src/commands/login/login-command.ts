import type { Client } from "../../engines/outbound/client.ts";
import type { Logins } from "../../engines/logins/logins.ts";
import type { Clock } from "../../kernel/clock.ts";

/** What the commands of a login may know and use. */
export type LoginSurroundings = {
  /** Of the server. */
  readonly url: string;
  /** Whether a key is given, which counts before a login. */
  readonly hasKey: boolean;
  /** To the server, without credentials. */
  readonly client: Pick<Client, "call">;
  readonly logins: Logins;
  readonly clock: Clock;
  /** Whether somebody at this machine reads what is printed, so that they have its browser too. */
  readonly isHere: boolean;
  /** False = there is none to open. */
  readonly openBrowser: (address: string) => Promise<boolean>;
  /** Resolves so many milliseconds later. */
  readonly wait: (ms: number) => Promise<void>;
  /** Writes lines to standard output. */
  readonly print: (text: string) => void;
};

/** A command about who asks, rather than about what is stored. */
export type LoginCommand = {
  readonly name: string;
  readonly does: string;
  readonly flags: readonly { readonly name: string; readonly does: string; readonly bare: boolean }[];
  /** Answers the exit code. */
  run(args: readonly string[], surroundings: LoginSurroundings): Promise<number>;
};

/** As logins are kept under: without a slash at the end. */
export function serverAddress(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, "");
}
