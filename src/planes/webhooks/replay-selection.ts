import { z } from "zod";
import type { Where } from "../../engines/ledger/ledger.ts";
import type { Exchange } from "../../kernel/exchange.ts";
import { Failure } from "../../kernel/failure.ts";
import { newId } from "../../kernel/id.ts";
import type { Context } from "../../registry/context.ts";
import { redactedValue } from "../../registry/redaction.ts";
import { endpointOf } from "./endpoint-of.ts";
import { logOf } from "./log-id.ts";
import { selectedMax, type ReplayPlan } from "./replay-plan.ts";
import { dayMs } from "./stats.ts";

const pageSize = 1_000;
const namedMax = 20;

export const Unavailable = z.object({ logId: z.string(), reason: z.string() });

/** A replay that was decided on, and what is to be said about it. */
export type Planned = {
  readonly kind: "draft" | "start" | "cancel" | "report";
  readonly plan: ReplayPlan;
  readonly targetUrl: string;
  readonly unavailable: readonly z.output<typeof Unavailable>[];
  readonly warnings: readonly string[];
};

export type Selection = {
  readonly endpointId?: string | undefined;
  readonly status: "failed" | "delivered" | "all";
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly logIds?: readonly (string | number)[] | undefined;
};

/** A new plan for what the caller selects. @throws Failure when the endpoint is unknown or paused */
export async function select(selection: Selection, context: Context): Promise<Planned> {
  if (selection.endpointId === undefined)
    throw new Failure("invalid", "Say what to replay: endpointId for a new plan, or planId of a plan.", {
      pointer: "/endpointId",
      hint: "Call it with endpointId first; it answers a planId.",
    });
  const row = await endpointOf(context, selection.endpointId);
  if (!row.value.isActive) throw paused();
  const { events, unavailable, warnings } =
    selection.logIds === undefined
      ? await byStatus(selection, row.id, context)
      : await byIds(selection.logIds, row.id, context);
  const plan: ReplayPlan = {
    id: newId("rp"),
    endpoint: row.id,
    // Oldest first: targets see events in the order they happened.
    events: events.toSorted((a, b) => a.localeCompare(b)),
    state: "planned",
    reason: null,
    plannedAt: context.now,
  };
  return {
    kind: "draft",
    plan,
    targetUrl: row.value.targetUrl,
    unavailable,
    warnings: [...warnings, ...(await credentialWarning(plan, context))],
  };
}

type Selected = Pick<Planned, "unavailable" | "warnings"> & { readonly events: string[] };

async function byStatus(selection: Selection, subject: string, context: Context): Promise<Selected> {
  const { status, since, until } = selection;
  const from = since === undefined ? context.now - dayMs : Date.parse(since);
  if (until !== undefined && from >= Date.parse(until))
    throw new Failure("invalid", "since must lie before until.", {
      pointer: "/since",
      hint: "Without since it is 24 hours ago.",
    });
  const endings = status === "all" ? (["delivered", "failed"] as const) : ([status] as const);
  const where = { subjects: [subject], from };
  const to = until === undefined ? {} : { to: Date.parse(until) };
  const matching = await pages(context, { ...where, ...to, kinds: ["event"], endings });
  const replayed = await pages(context, { ...where, kinds: ["replay"], outcomes: ["delivered"] });
  const again = new Set(status === "failed" ? replayed.map(({ parent }) => parent) : []);
  const events = matching.map(({ id }) => id).filter((id) => !again.has(id));
  const skipped = matching.length - events.length;
  return {
    events: events.slice(0, selectedMax),
    unavailable: [],
    warnings: [
      ...(events.length > selectedMax
        ? [
            `More than ${selectedMax} events match: only the newest ${selectedMax} are selected. Narrow the window.`,
          ]
        : []),
      ...(skipped > 0
        ? [
            `${skipped} failed events were left out: a replay has delivered them since. Name them in logIds to send them again.`,
          ]
        : []),
    ],
  };
}

/** Newest first, one more than a plan takes at the most. */
async function pages({ ledger, workspace }: Context, where: Where): Promise<readonly Exchange[]> {
  const found: Exchange[] = [];
  let after: { readonly startedAt: number; readonly id: string } | undefined;
  while (found.length <= selectedMax) {
    const { rows } = await ledger.find({ workspace, where, limit: pageSize, ...(after && { after }) });
    found.push(...rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) break;
    after = { startedAt: last.startedAt, id: last.id };
  }
  return found;
}

/** What the sender authenticated with was kept only until the event ended: its target gets the replay without. */
async function credentialWarning(
  { events }: ReplayPlan,
  { traffic, workspace }: Context,
): Promise<readonly string[]> {
  const newest = await traffic.recent.get(workspace, events.at(-1) ?? "");
  const withheld =
    newest?.request.headers.filter(([, value]) => value === redactedValue).map(([name]) => name) ?? [];
  if (withheld.length === 0) return [];
  return [
    `Credentials of the sender are not kept: the target gets the replay without ${withheld.join(", ")}.`,
  ];
}

async function byIds(
  asked: readonly (string | number)[],
  subject: string,
  context: Context,
): Promise<Selected> {
  const events = new Set<string>();
  const unavailable: { logId: string; reason: string }[] = [];
  for (const id of asked) {
    const log = await logOf(context, id).catch((error: unknown) => {
      if (error instanceof Failure) return undefined;
      throw error;
    });
    const reason = log === undefined ? "unknown, or removed when its retention ended" : unfit(log, subject);
    if (log === undefined || reason !== null) unavailable.push({ logId: String(id), reason: reason ?? "" });
    else events.add(log.id);
  }
  return { events: [...events], unavailable: unavailable.slice(0, namedMax), warnings: [] };
}

function unfit(log: Exchange, subject: string): string | null {
  if (log.subject !== subject) return "belongs to another endpoint";
  if (log.kind !== "event") return `is a ${log.kind}, not a webhook`;
  if (log.ending === "rejected") return "was rejected: it was not verified and not kept whole";
  if (log.ending === "duplicate") return "is a duplicate: replay the event it repeats";
  return null;
}

/** What a replay to a paused endpoint ends with. */
export function paused(): Failure {
  return new Failure("conflict", "The endpoint is paused.", {
    hint: "Resume it first: update_endpoint with isActive true.",
  });
}
