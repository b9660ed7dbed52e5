import { Failure, type FailureDetail, type FailureKind } from "../../kernel/failure.ts";
import type { SecurityEvent } from "./security-note.ts";

/** A refusal that is to be noted by whoever knows where the request came from. */
export class NotedRefusal extends Failure {
  readonly event: Omit<SecurityEvent, "remoteAddress">;

  constructor(
    event: Omit<SecurityEvent, "remoteAddress">,
    kind: FailureKind,
    message: string,
    detail: FailureDetail,
  ) {
    super(kind, message, detail);
    this.event = event;
  }
}
