import type { CaptureSettings } from "../../../capture/wire.ts";
import type { Ready } from "./rules-in-force.ts";
import type { Place } from "./live-places.ts";

/** Of a body, unless an operator of the agent says less. */
export const bodyBytesKept = 64 * 1024;
const flushEveryMs = 10_000;
const payloadsPerMinuteMax = 3_000;

/** What an agent goes by. */
export function settingsOf({ environment, bucket }: Place, rules: Ready): CaptureSettings {
  const { redactions, exclusions, samplings, blocks, revision, tokenKey } = rules;
  return {
    revision,
    environment,
    bucket,
    tokenKey: Buffer.from(tokenKey).toString("base64"),
    bodyBytesMax: bodyBytesKept,
    flushEveryMs,
    payloadsPerMinuteMax,
    redactions,
    exclusions,
    samplings,
    blocks,
  };
}
