import type { ClientAnswer } from "../engines/outbound/client.ts";
import type { Cidr } from "../engines/outbound/address.ts";
import type { Clock } from "../kernel/clock.ts";
import { Failure } from "../kernel/failure.ts";
import type { Secret } from "../kernel/secret.ts";

/** What a command may know and use. */
export type Surroundings = {
  readonly folder: string;
  /** Of PostgreSQL, when everything but the key file is there instead of in the folder. */
  readonly database: Secret | null;
  /** Whether the sealing keys are in the configuration, so that there is no key file. */
  readonly hasOwnKeys: boolean;
  /** The address people reach the server at; null when it is where it listens. */
  readonly publicUrl: string | null;
  readonly allow: readonly Cidr[];
  /** Of this program. */
  readonly version: string;
  readonly clock: Clock;
  readonly server: {
    readonly url: string;
    readonly hasKey: boolean;
    /** Throws Failure unavailable when nothing answers. */
    readonly call: (method: string, path: string) => Promise<ClientAnswer>;
  };
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /** Writes over the last such line of a terminal; does nothing elsewhere. "" clears it. */
  readonly progress: (line: string) => void;
};

/** A command that this machine carries out itself, on what is stored. */
export type Command = {
  readonly name: string;
  readonly does: string;
  /** Answers the exit code. */
  run(args: readonly string[], surroundings: Surroundings): Promise<number>;
};

/**
 * Sorts what follows a command: as many words as it takes, and flags that have no value.
 *
 * @throws Failure invalid when a word is missing or too many, or a flag does not exist
 */
export function commandArguments(
  args: readonly string[],
  {
    usage,
    words,
    flags,
  }: { readonly usage: string; readonly words: number; readonly flags: readonly string[] },
): { readonly words: readonly string[]; readonly flags: ReadonlySet<string> } {
  const given = {
    words: args.filter((arg) => !arg.startsWith("--")),
    flags: args.filter((arg) => arg.startsWith("--")),
  };
  const unknown = given.flags.find((flag) => !flags.includes(flag));
  if (unknown !== undefined)
    throw new Failure("invalid", `There is no flag ${unknown.slice(0, 100)}.`, {
      allowed: flags,
      hint: `Usage: ${usage}`,
    });
  if (given.words.length !== words)
    throw new Failure(
      "invalid",
      given.words.length < words ? "An argument is missing." : "There are too many arguments.",
      {
        hint: `Usage: ${usage}`,
      },
    );
  return { words: given.words, flags: new Set(given.flags) };
}
