import { z } from "zod";
import type { Exchange, Message } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { mayReach } from "../../../kernel/principal.ts";
import { quoted } from "../../../kernel/quoted.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { redactedText, shownBody, ShownBody, shownHeaders } from "../../../registry/redaction.ts";
import { exported, formats } from "../exports/exported.ts";
import { marker, MarkerView, markerView } from "../marker.ts";
import { lineOf, RequestLine } from "../request-view.ts";
import { seesPlane } from "../requests.ts";
import { viewOf } from "../view.ts";

const bodyBytesShown = 32 * 1024;
const outboundLookedAt = 1_000;
const outboundShown = 50;
/** How far the clocks of what made a call and what answered it may be apart. */
const besideMs = 1_000;
const markersShown = 5;
const nearMs = 2 * 3_600_000;

const Header = z.object({ name: z.string(), value: z.string() });
const Shown = z.object({
  headers: z.array(Header),
  body: ShownBody.nullable(),
});

export const getRequestDetail = read({
  name: "get_request_detail",
  title: "Get a request",
  does: "Answers one captured request with headers, bodies, the outbound calls it caused and markers near it. `as` writes it as curl, HAR or a test, with placeholders for secrets.",
  verb: "GET",
  path: "/requests/:requestId",
  scope: "traffic:read",
  input: z.object({
    requestId: z.string().min(1).max(100).describe("Its id or `#42`."),
    as: z.enum(formats).optional().describe("Write it as this besides."),
  }),
  output: RequestLine.omit({ untrusted: true }).extend({
    parent: z.string().nullable().describe("The request that caused this one."),
    trace: z.string().nullable(),
    receivedAt: z.iso.datetime().describe("When it came to the server."),
    facts: z.record(z.string(), z.union([z.number(), z.boolean()])),
    markers: z.array(MarkerView).describe("Of the two hours before it and of those under way."),
    untrusted: RequestLine.shape.untrusted.extend({
      request: Shown,
      response: Shown.nullable(),
      outbound: z.array(RequestLine),
      facts: z.record(z.string(), z.string()),
      exported: z.string().nullable().describe("As asked for by `as`."),
    }),
  }),
  async run({ requestId, as }, context) {
    const exchange = await requestOf(context, requestId, ({ plane }) => seesPlane(plane, context));
    const line = lineOf(exchange);
    const facts = Object.entries(exchange.facts);
    return {
      ...line,
      parent: exchange.parent,
      trace: exchange.trace,
      receivedAt: new Date(exchange.receivedAt).toISOString(),
      facts: Object.fromEntries(
        facts.flatMap(([name, it]) => (typeof it === "string" ? [] : [[name, it] as const])),
      ),
      markers: await markersNear(exchange, context),
      untrusted: {
        ...line.untrusted,
        request: shown(exchange.request),
        response: exchange.response && shown(exchange.response),
        outbound: await outboundOf(exchange, context),
        facts: Object.fromEntries(
          facts.flatMap(([name, it]) => (typeof it === "string" ? [[name, redactedText(it)] as const] : [])),
        ),
        exported: as === undefined ? null : exported(exchange, as),
      },
    };
  },
});

/**
 * The exchange that is asked for, if the caller may see it: what he may not see is told from what is not there by nothing.
 *
 * @throws Failure not_found
 */
export async function requestOf(
  context: Context,
  asked: string,
  isShown: (exchange: Exchange) => boolean,
): Promise<Exchange> {
  const { ledger, workspace, principal } = context;
  const number = /^#?(\d{1,15})$/.exec(asked)?.[1];
  const found = await ledger.get(
    workspace,
    number === undefined ? { id: asked } : { number: Number(number) },
  );
  if (found !== undefined && found.kind !== "batch" && mayReach(principal, found) && isShown(found))
    return found;
  throw new Failure("not_found", `No request ${quoted(asked)}.`, {
    pointer: "/requestId",
    hint: "search_requests shows ids; what is older than the plan's retention is gone.",
  });
}

/** The calls it made: they began while it was under way, in the same bucket. */
async function outboundOf(exchange: Exchange, { ledger, workspace }: Context): Promise<RequestLine[]> {
  const { id, plane, kind, subject, startedAt, durationMs } = exchange;
  if (plane !== "traffic" || kind !== "request") return [];
  const { rows } = await ledger.find({
    workspace,
    where: {
      plane,
      subjects: [subject],
      kinds: ["outbound"],
      from: startedAt - besideMs,
      to: startedAt + Math.ceil(durationMs) + besideMs,
    },
    limit: outboundLookedAt,
  });
  const own = rows.filter(({ parent }) => parent === id);
  return own.slice(-outboundShown).toReversed().map(lineOf);
}

async function markersNear({ startedAt, environment, bucket }: Exchange, context: Context) {
  const { seen } = await viewOf(context, {});
  const rows = await context.unit.find(marker, { limit: 200 });
  return rows
    .filter(({ value }) => {
      const there =
        (value.environment ?? environment) === environment && (value.buckets?.includes(bucket) ?? true);
      const begun = value.startedAt <= startedAt;
      return there && begun && (value.startedAt >= startedAt - nearMs || (value.endedAt ?? 0) >= startedAt);
    })
    .slice(0, markersShown)
    .map((row) => markerView(row, seen));
}

function shown(message: Message): z.output<typeof Shown> {
  return { headers: [...shownHeaders(message.headers)], body: shownBody(message, bodyBytesShown) };
}
