import type { Check } from "../check.ts";
import { roomFinding } from "../room-finding.ts";

const todo = "Free space or grow the disk: while nothing can be written, webhooks are answered 503.";

export const disk: Check = {
  name: "disk",
  look({ facts }) {
    return facts === undefined ? [] : [roomFinding(facts, todo)];
  },
};
