import type { Declarable } from "../../../registry/declarable.ts";
import type { Operation } from "../../../registry/operation.ts";
import type { Call } from "../call.ts";
import type { ReadInput } from "../command-input.ts";
import type { ProgressLine } from "../progress-line.ts";

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
  /** How far long work is; absent where nobody looks. */
  readonly progress: ProgressLine | undefined;
  /** What the environment has under a name. */
  readonly environment: (name: string) => string | undefined;
};
