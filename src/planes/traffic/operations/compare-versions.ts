import { z } from "zod";
import { act } from "../../../registry/operation.ts";
import { RedactedValues, valuesInput } from "../replay/redacted-values.ts";
import { replayTarget, type Versions } from "../replay/replay-target.ts";
import { Sender } from "../replay/sender.ts";
import { byRoute, comparedVersions, sendsEach } from "../replay/version-comparison.ts";
import { Report, reported } from "../replay/version-report.ts";
import { sampleOf, samplesOf, type Sample } from "../replay/version-samples.ts";
import { requestsInput, requestsOf } from "../requests.ts";

const samplesMax = 100;
/** Newest requests of the selection among which samples are chosen. */
const candidatesMax = 500;
const totalMs = 120_000;
const readMax = 64 * 1024;

const { query, method, status, path, userAgent, environment, bucket, since, until } = requestsInput;
const version = z.url({ protocol: /^https?$/ }).max(500);

export const compareVersions = act({
  name: "compare_versions",
  title: "Compare two versions",
  does: "Sends captured requests to two versions of a server and tells by route how the candidate answers otherwise than the baseline. The operator names the servers (SLUICE_REPLAY_TARGETS).",
  verb: "POST",
  path: "/comparisons/versions",
  scope: "traffic:replay",
  destructive: false,
  reach: "people",
  input: z.object({
    baseline: version.describe("Base address of the version that is known, such as http://localhost:3000."),
    candidate: version.describe("Base address of the version in question."),
    query,
    method,
    status,
    path,
    userAgent,
    environment,
    bucket,
    since,
    until,
    limit: z
      .int()
      .min(1)
      .max(samplesMax)
      .default(20)
      .describe("How many requests; of every route some, the newest first."),
    values: valuesInput,
  }),
  output: Report.extend({
    state: z.enum(["planned", "compared", "cut short"]),
    sends: z.int(),
    valuesNeeded: z.array(z.string()).describe("Names of redacted values that `values` lacks."),
  }),
  async plan({ baseline, candidate, limit, values, ...asked }, context): Promise<Planned> {
    const between = {
      baseline: await replayTarget("baseline", baseline, context),
      candidate: await replayTarget("candidate", candidate, context),
    };
    const selection = { ...asked, plane: "traffic", limit: candidatesMax } as const;
    const { rows } = await requestsOf(selection, context, { field: "kind", is: ["request"] });
    const chosen = await samplesOf(rows, limit, context);
    const given = new RedactedValues(values);
    return { between, values: given, samples: chosen.map((it) => sampleOf(it, between, given)) };
  },
  preview({ samples }) {
    const asked = samples.map(({ exchange, unfit }) => ({ exchange, reason: unfit ?? "not sent yet" }));
    const count = samples.filter(({ unfit }) => unfit === null).length;
    return {
      ...reported(byRoute(asked)),
      state: "planned" as const,
      verdict: `${count} of ${samples.length} requests would be sent, each ${sendsEach} times: call again without dryRun.`,
      sends: 0,
      valuesNeeded: neededBy(samples),
    };
  },
  async perform({ between, values, samples }, context) {
    const sends = samples.filter(({ unfit }) => unfit === null).length * sendsEach;
    const sender = new Sender(context, { sends, until: context.clock.now() + totalMs, readMax });
    const routes = await comparedVersions(samples, between, values, sender);
    const isCut = sender.isUsedUp() && sender.sends < sends;
    return {
      ...reported(routes),
      state: isCut ? ("cut short" as const) : ("compared" as const),
      sends: sender.sends,
      valuesNeeded: neededBy(samples),
    };
  },
});

type Planned = {
  readonly between: Versions;
  readonly values: RedactedValues;
  readonly samples: readonly Sample[];
};

function neededBy(samples: readonly Sample[]): string[] {
  return [...new Set(samples.flatMap(({ needed }) => needed))].toSorted();
}
