import { z } from "zod";
import type { Exchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { act } from "../../../registry/operation.ts";
import { redactedText, shownHeaders, shownTarget } from "../../../registry/redaction.ts";
import { minimised, type Reducible } from "../analysis/minimise.ts";
import { signatureOf } from "../analysis/signature.ts";
import { changesItsOrigin, replayTarget } from "../replay/replay-target.ts";
import { isWhole, pathOf, replayable, textOf } from "../replay/replayable.ts";
import { RedactedValues, valuesInput } from "../replay/redacted-values.ts";
import { Sender, type Reply } from "../replay/sender.ts";
import { requestOf } from "./get-request-detail.ts";

const sendsMax = 300;
const totalMs = 120_000;
const readMax = 64 * 1024;

const State = z.enum(["planned", "minimised", "not reproduced", "not reached", "sends used up"]);
type State = z.output<typeof State>;

type Planned = {
  readonly exchange: Exchange;
  readonly target: URL;
  readonly request: Reducible;
  readonly sends: number;
  readonly values: RedactedValues;
};

export const minimiseRequest = act({
  name: "minimise_request",
  title: "Minimise a request",
  does: "Sends a captured request to a test server (SLUICE_REPLAY_TARGETS) with less and less of it, and answers the smallest that is still answered alike.",
  verb: "POST",
  path: "/requests/:requestId/minimised",
  scope: "traffic:replay",
  destructive: false,
  input: z.object({
    requestId: z.string().min(1).max(100).describe("Its id or `#42`."),
    target: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .describe("Such as `http://localhost:3000`."),
    sendsMax: z.int().min(1).max(sendsMax).default(100).describe("At most so often."),
    values: valuesInput,
  }),
  output: z.object({
    state: State,
    sends: z.int(),
    status: z.int().nullable().describe("What the whole request was answered when it was sent again."),
    bytes: z.object({ before: z.int(), after: z.int() }),
    untrusted: z.object({
      method: z.string(),
      path: z.string(),
      headers: z.array(z.object({ name: z.string(), value: z.string() })),
      body: z.string().nullable(),
    }),
    next: z.string(),
  }),
  async plan({ requestId, target, sendsMax: sends, values }, context): Promise<Planned> {
    const exchange = await requestOf(context, requestId, ({ plane }) => plane === "traffic");
    const url = await replayTarget("target", target, context);
    refuseUnfit(exchange, url);
    const request = replayable(exchange);
    return { exchange, target: url, request, sends, values: new RedactedValues(values) };
  },
  preview({ exchange, request, values }) {
    return {
      ...answer(exchange, request, request),
      state: "planned" as const,
      sends: 0,
      status: null,
      next: `Call again without dryRun to send it.${valuesLacking(values.missingFrom({ exchange, request }))}`,
    };
  },
  async perform({ exchange, target, request, sends, values }, context) {
    const sender = new Sender(context, { sends, until: context.clock.now() + totalMs, readMax });
    const send = async (candidate: Reducible): Promise<Reply> => {
      const filled = values.filledIn({ exchange, request: candidate });
      return sender.send(filled.exchange, filled.request, target);
    };
    const first = await send(request);
    const status = first.kind === "answered" ? first.status : null;
    const found = (least: Reducible, state: State, next: string) => ({
      ...answer(exchange, request, least),
      state,
      sends: sender.sends,
      status,
      next,
    });
    if (first.kind === "unreached") return found(request, "not reached", notReached(first.message));
    if (first.kind !== "answered" || first.status !== exchange.status)
      return found(
        request,
        "not reproduced",
        `${notReproduced(exchange, first)}${valuesLacking(values.missingFrom({ exchange, request }))}`,
      );
    const wanted = signatureOf(first);
    let lost: string | undefined;
    const least = await minimised(request, async (candidate) => {
      if (lost !== undefined) return null;
      const reply = await send(candidate);
      if (reply.kind === "answered") return signatureOf(reply) === wanted;
      if (reply.kind === "unreached") lost = reply.message;
      return reply.kind === "unanswered" ? false : null;
    });
    if (lost !== undefined) return found(least, "not reached", notReached(lost));
    if (sender.isUsedUp()) return found(least, "sends used up", smallerYet);
    return found(least, "minimised", "Leaving out any one part more would be answered otherwise.");
  },
});

const smallerYet = "It may be made smaller yet: ask again with a larger sendsMax.";

function valuesLacking(names: readonly string[]): string {
  if (names.length === 0) return "";
  return ` Some of it was redacted, and is sent as it stands: give ${names.join(", ")} in values.`;
}

function notReached(message: string): string {
  return `The test server was not reached: ${message} Start it, or name another one, and ask again.`;
}

function notReproduced({ status }: Exchange, first: Reply): string {
  const now = first.kind === "answered" ? `with ${first.status}` : "not at all";
  return `The test server answers ${now}, and it was answered with ${status} then: bring it to the same state, or take another request.`;
}

/** @throws Failure conflict for a request of which not everything is there; forbidden where it would change its origin */
function refuseUnfit(exchange: Exchange, target: URL): void {
  const pointer = "/requestId";
  if (changesItsOrigin(exchange, target))
    throw new Failure(
      "forbidden",
      `${exchange.method} is not sent again to the server that it was captured at.`,
      {
        pointer: "/target",
        hint: "Name a test server: what it changes there is changed again and again.",
      },
    );
  if (exchange.kind !== "request")
    throw new Failure("conflict", "Only captured requests are sent again.", { pointer });
  if (exchange.status === null)
    throw new Failure("conflict", "It was never answered, so that no answer can be compared with.", {
      pointer,
      hint: "Take a request with a status: `search_requests` with `query` `status:5xx` finds some.",
    });
  if (!isWhole(exchange))
    throw new Failure("conflict", "Its body was not kept as a whole.", {
      pointer,
      hint: "Take a request with a smaller body.",
    });
}

function answer(exchange: Exchange, before: Reducible, after: Reducible) {
  const body = textOf(after.body);
  return {
    bytes: { before: bytesOf(exchange, before), after: bytesOf(exchange, after) },
    untrusted: {
      method: exchange.method,
      path: shownTarget(pathOf(exchange, after)),
      headers: [...shownHeaders(after.headers)],
      body: body === null ? null : redactedText(body),
    },
  };
}

function bytesOf(exchange: Exchange, request: Reducible): number {
  const headers = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.byteLength(
    `${exchange.method} ${pathOf(exchange, request)}\r\n${headers}\r\n${textOf(request.body) ?? ""}`,
  );
}
