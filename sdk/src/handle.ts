import type { CaptureStats } from "./stats.ts";

/** What a program holds of the agent that runs in it. */
export type Capture = {
  /**
   * Sends what was seen so far. False when some of it still waits because the server does not take it; what waits is
   * sent later. Takes 5 s at most.
   */
  flush(): Promise<boolean>;
  /** Observes nothing more, sends what was seen (2 s at most) and ends. What is under way is not recorded. */
  stop(): Promise<void>;
  stats(): CaptureStats;
};
