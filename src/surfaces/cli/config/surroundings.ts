import type { Declarable } from "../../../registry/declarable.ts";
import type { Operation } from "../../../registry/operation.ts";
import type { Call } from "../call.ts";
import type { ReadInput } from "../command-input.ts";

/** What it needs of the command line around it. */
export type Surroundings = {
  readonly operations: readonly Operation[];
  readonly version: string;
  readonly call: Call;
  readonly print: (text: string) => void;
  readonly readInput: ReadInput;
  readonly declared?: readonly Declarable[];
  readonly terminal?: Terminal;
};

/** Who sits at the other end, if anybody does. */
export type Terminal = {
  readonly colour: boolean;
  /** Asks for yes or no; null when there is nobody to ask. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
  /** What the environment has under a name. */
  readonly environment: (name: string) => string | undefined;
};
