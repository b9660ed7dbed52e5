import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import type { Context } from "../../../registry/context.ts";
import { act } from "../../../registry/operation.ts";
import { waitFor } from "../../../registry/wait.ts";
import { accept, readable, unverified, type Arrival } from "../accept.ts";
import { ingestUrl } from "../endpoint.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { liveEndpoint } from "../live-endpoints.ts";
import { AttemptLine, attemptOf } from "../log-view.ts";
import { testRequest } from "../provider.ts";
import { custom } from "../providers/custom.ts";

const waitMax = 20_000;
const testsPerMinute = 60;
const payloadBytesMax = 256 * 1024;

export const sendTest = act({
  name: "send_test",
  title: "Send a test webhook",
  does: "Sends a test through the real pipeline, signed with the endpoint's own secret as the provider would, and answers the outcome of the first attempt. Tests count against no quota and no statistic.",
  verb: "POST",
  path: "/endpoints/:endpointId/test",
  scope: "webhooks:test",
  destructive: false,
  input: z.object({
    endpointId,
    payload: z.json().optional().describe("Any JSON; a sample of the provider unless given."),
  }),
  output: z.object({
    state: z.enum(["planned", "delivered", "failed", "pending"]),
    logId: z.string().nullable(),
    targetUrl: z.string(),
    signed: z.boolean().describe("Whether the test carries the provider's signature."),
    bytes: z.int(),
    attempt: AttemptLine.nullable(),
    next: z.string(),
  }),
  async plan({ endpointId: id, payload }, context) {
    const row = await endpointOf(context, id);
    const endpoint = liveEndpoint(row, context);
    if (!row.value.isActive)
      throw new Failure("conflict", "The endpoint is paused: a test would wait with the other webhooks.", {
        hint: "Resume it first: update_endpoint with isActive true.",
      });
    const refusal = context.outbound.check(row.value.targetUrl);
    if (refusal !== undefined)
      throw new Failure("invalid", `The target is not allowed: ${refusal.message}`, {
        pointer: "/endpointId",
        hint: refusal.hint,
      });
    const provider = endpoint.provider ?? custom;
    const secret = endpoint.verificationSecrets(context.now)[0];
    const request = testRequest({ provider, scheme: endpoint.provider?.scheme ?? null }, secret, {
      id: newId("test"),
      nowMs: context.now,
      url: ingestUrl(context.settings.publicUrl, row.value),
      ...(payload !== undefined && { payload }),
    });
    if (request.body.length > payloadBytesMax)
      throw new Failure("too_large", `A test payload has at most ${payloadBytesMax} bytes.`, {
        pointer: "/payload",
      });
    const arrival: Arrival = {
      endpoint,
      method: request.method,
      query: "",
      headers: request.headers,
      body: request.body,
      remoteAddress: "test",
      receivedAt: context.now,
    };
    await countTest(endpoint.id, context);
    const verified = unverified(arrival, readable(arrival, context.settings.publicUrl)) === undefined;
    return { arrival, signed: endpoint.provider !== undefined && verified };
  },
  preview({ arrival, signed }) {
    return {
      ...about(arrival, signed),
      state: "planned" as const,
      logId: null,
      attempt: null,
      next: "Call again without dryRun to send it.",
    };
  },
  async perform({ arrival, signed }, context) {
    const { endpoint } = arrival;
    const request = readable(arrival, context.settings.publicUrl);
    const acceptance = {
      kind: "test",
      // A lane of its own: a test does not wait behind a backlog, which is when it is wanted most.
      lane: `${endpoint.id}/test`,
      quotaKey: null,
      verified: signed ? "true" : "none",
    } as const;
    const { id } = await accept(arrival, request, acceptance, context);
    const first = await firstAttempt(context, id);
    if (first === undefined)
      return {
        ...about(arrival, signed),
        state: "pending" as const,
        logId: id,
        attempt: null,
        next: `No attempt has ended yet: look at get_log_detail ${id} in a moment.`,
      };
    const delivered = first.outcome === "delivered";
    return {
      ...about(arrival, signed),
      state: delivered ? ("delivered" as const) : ("failed" as const),
      logId: id,
      attempt: first,
      next: delivered ? "The endpoint works." : `get_log_detail ${id} shows what the target answered.`,
    };
  },
});

/** Counted while planning, when nothing is written yet: a test too many leaves no trace in the audit. */
async function countTest(endpoint: string, { dryRun, counters, clock }: Context): Promise<void> {
  if (dryRun) return;
  const { allowed, resetAt } = await counters.hit(`send_test/${endpoint}`, testsPerMinute, 60_000);
  if (!allowed)
    throw new Failure("limited", `At most ${testsPerMinute} tests a minute go to one endpoint.`, {
      retryAfterMs: Math.max(0, resetAt - clock.now()),
    });
}

function about(
  { endpoint, body }: Arrival,
  signed: boolean,
): { targetUrl: string; signed: boolean; bytes: number } {
  return { targetUrl: endpoint.settings.targetUrl, signed, bytes: body.length };
}

async function firstAttempt(
  { ledger, traffic, workspace, signal }: Context,
  event: string,
): Promise<z.output<typeof AttemptLine> | undefined> {
  const look = async () => (await ledger.children(workspace, event, 1))[0];
  const attempt = await waitFor(look, traffic, waitMax, signal);
  return attempt && attemptOf(attempt);
}
