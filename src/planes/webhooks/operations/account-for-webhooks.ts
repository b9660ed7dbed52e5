import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { accountOf, unaccounted } from "../../../registry/accounting.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { endpoint } from "../endpoint.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { tallyPrefix } from "../rejections.ts";
import { moment } from "../moment.ts";
import { dayMs } from "../stats.ts";
import { visibleEndpoints } from "../visible-endpoints.ts";

const windowMaxMs = 31 * dayMs;
/** Three seconds in all: as long as what arrived before the first look may take to be written. */
const looksMax = 6;
const firstPauseMs = 100;
const pageSize = 1_000;
const minuteMs = 60_000;

export const accountForWebhooks = read({
  name: "account_for_webhooks",
  title: "Account for webhooks",
  does: "Adds up what became of every request received in a window: received = delivered + pending + failed + filtered + duplicate + rejected. A remainder other than 0 is a fault of this server, and its events are named.",
  verb: "GET",
  path: "/account-for-webhooks",
  scope: "logs:read",
  input: z.object({
    endpointId: endpointId.optional().describe("One endpoint, by id or slug; all unless given."),
    since: moment.optional().describe("24 hours ago unless given."),
    until: moment.optional().describe("Now unless given; exclusive."),
  }),
  output: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    received: z.int(),
    delivered: z.int(),
    pending: z.int(),
    failed: z.int(),
    filtered: z.int(),
    duplicate: z.int(),
    rejected: z.int().describe("Rejections beyond 10 a minute are counted, not stored."),
    remainder: z.int(),
    unaccounted: z.array(z.string()).describe("The events behind a remainder, at most 20."),
  }),
  async run({ endpointId: id, since, until }, context) {
    const to = until === undefined ? context.now + 1 : Date.parse(until);
    const from = since === undefined ? to - dayMs : Date.parse(since);
    if (from >= to) throw new Failure("invalid", "since must lie before until.", { pointer: "/since" });
    if (to - from > windowMaxMs)
      throw new Failure("invalid", "The window is longer than 31 days.", {
        pointer: "/since",
        hint: "Ask for several windows.",
      });
    const subjects = await subjectsOf(context, id);
    const window = { subjects, from, to };
    let sums = await add(context, window);
    // An event that arrives between two counts, or a moment before, is not missing: count again.
    for (let n = 1; sums.remainder !== 0 && n < looksMax; n++) {
      await sleep(firstPauseMs * 2 ** (n - 1));
      sums = await add(context, window);
    }
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      ...sums,
      unaccounted:
        sums.remainder === 0 ? [] : await unaccounted(context, { workspace: context.workspace, ...window }),
    };
  },
});

type Window = {
  readonly subjects: readonly string[] | undefined;
  readonly from: number;
  readonly to: number;
};

/** undefined = every endpoint the principal may see, deleted ones included. */
async function subjectsOf(context: Context, id: string | undefined): Promise<readonly string[] | undefined> {
  if (id !== undefined) return [(await endpointOf(context, id)).id];
  const { environment, buckets } = context.principal.confines;
  if (environment === undefined && buckets === undefined) return undefined;
  return (await visibleEndpoints(context)).map(({ id: visible }) => visible);
}

async function add(context: Context, { subjects, from, to }: Window) {
  const { traffic, workspace, unit } = context;
  const account = await accountOf(context, { workspace, subjects, from, to });
  const live = subjects ?? (await unit.find(endpoint, { limit: pageSize })).map(({ id }) => id);
  // Of what was rejected and not stored, some was stored: so a deleted endpoint that has any is known by its events.
  const counted = new Set([...live, ...account.subjects]);
  const notStored = await rejectedNotStored(traffic, [...counted], from, to);
  const { became, received, remainder } = account;
  return {
    received: received + notStored,
    delivered: became("delivered"),
    pending: became("open"),
    failed: became("failed"),
    filtered: became("filtered"),
    duplicate: became("duplicate"),
    rejected: became("rejected") + notStored,
    remainder,
  };
}

async function rejectedNotStored(
  traffic: Context["traffic"],
  subjects: readonly string[],
  from: number,
  to: number,
): Promise<number> {
  const firstMinute = Math.floor(from / minuteMs) * minuteMs;
  const days = Math.ceil((to - Math.floor(from / dayMs) * dayMs) / dayMs);
  const prefixes = subjects.flatMap((subject) =>
    Array.from({ length: days }, (_, day) =>
      tallyPrefix(subject, Math.floor(from / dayMs) * dayMs + day * dayMs),
    ),
  );
  let count = 0;
  for (const prefix of prefixes) {
    const tallies = [...(await traffic.journal.tallies(prefix))];
    const inWindow = tallies.filter(([key]) => {
      const minute = Number(key.slice(prefix.length));
      return minute >= firstMinute && minute < to;
    });
    count += sum(inWindow.map(([, amount]) => amount));
  }
  return count;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
