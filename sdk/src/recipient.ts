import type { Ending, Observation } from "./observation.ts";

/** Where the taps bring what they saw. Nothing of it throws. */
export type Recipient = {
  /** The observation is over; its bodies are given back after the call. */
  receive(observed: Observation, ending: Ending): void;
  /** Something went wrong within the agent itself: counted, and nothing more. */
  fault(): void;
};
