import { connectAgent, type Agent } from "../agent.ts";
import type { Claim } from "../claims.ts";
import type { Screen } from "../screen.ts";
import {
  Compared,
  Created,
  Detail,
  Errors,
  Explained,
  Found,
  Metrics,
  Rules,
  Throughput,
  Times,
} from "./answers.ts";
import { randomOf } from "./random.ts";
import { sendShop } from "./shop-sender.ts";
import { faulty } from "./shop.ts";

/** Everything the story is told with. */
export type World = {
  readonly url: string;
  readonly key: string;
  readonly screen: Screen;
  readonly claim: Claim;
};

type Cast = World & { readonly agent: Agent };

const minuteMs = 60_000;
const hoursOfTraffic = 3;
const perMinute = 100;
const releasedBeforeMs = 45 * minuteMs;

/** Three hours of a shop's traffic come in, a release breaks one part of it, and an agent finds out which and why. */
export async function tellTrafficStory(world: World): Promise<void> {
  const { url, key, screen, claim } = world;
  const now = Date.now();
  const release = { at: now - releasedBeforeMs, share: 0.75 };
  screen.step("Three hours of a shop's traffic come in");
  screen.call("POST /capture/v1/batches");
  const span = { from: now - hoursOfTraffic * 60 * minuteMs, to: now, perMinute };
  const sent = await sendShop(world, randomOf(42), span, release);
  screen.result(`${sent} requests with headers and bodies, some with passwords and card numbers`);
  claim("all of them were stored", sent, hoursOfTraffic * 60 * perMinute);
  screen.step("An agent connects, to what is about traffic");
  const agent = await connectAgent(`${url}/api/mcp?toolsets=traffic`, key, screen);
  try {
    const cast: Cast = { ...world, agent };
    const marker = await noteRelease(cast, release.at);
    await lookAtMetrics(cast, sent);
    await groupErrors(cast);
    await explain(cast, release.at);
    await compare(cast, marker);
    await lookAtOne(cast);
    claim(
      "in all that the agent was told there was no password, card number or bearer token",
      /example-[0-9a-f]{8}|4111111111111111/.exec(agent.heard())?.[0] ?? "none",
      "none",
    );
  } finally {
    await agent.close();
  }
}

async function noteRelease({ agent, screen, claim }: Cast, at: number): Promise<string> {
  screen.step("It notes the release of 45 minutes ago");
  const startedAt = new Date(at).toISOString();
  const { id, type } = await agent.call(
    "create_event",
    { type: "deployment", name: "checkout 2.4.0", version: "2.4.0", startedAt },
    Created,
  );
  claim("it is a deployment", type, "deployment");
  return id;
}

async function lookAtMetrics({ agent, screen, claim }: Cast, sent: number): Promise<void> {
  screen.step("It looks at the figures");
  const metrics = await agent.call("get_metrics", { since: "24h" }, Metrics);
  screen.result(`${metrics.requests} requests, ${metrics.errors} errors, ${metrics.averageMs} ms on average`);
  claim("every request is counted", metrics.requests, sent);
  const series = await agent.call("get_throughput", { since: "4h", step: "15m" }, Throughput);
  claim(
    "the series adds up to the same",
    series.series.reduce((sum, { requests }) => sum + requests, 0),
    sent,
  );
  const { overall } = await agent.call("get_response_times", { since: "4h" }, Times);
  screen.result(`p50 ${overall?.p50Ms} ms, p95 ${overall?.p95Ms} ms, p99 ${overall?.p99Ms} ms`);
  claim("half of the answers take less than 5 in 100 do", (overall?.p50Ms ?? 0) < (overall?.p95Ms ?? 0));
}

async function groupErrors({ agent, screen, claim }: Cast): Promise<void> {
  screen.step("It groups the errors of the last hour");
  const { groups } = await agent.call("get_errors", { since: "1h", status: "5xx", group: true }, Errors);
  for (const { count, untrusted } of groups.slice(0, 3))
    screen.result(`${count} × ${untrusted.method} ${untrusted.route}: ${untrusted.error}`);
  claim("most are of one route", groups[0]?.untrusted.route, faulty.route);
}

async function explain({ agent, screen, claim }: Cast, releasedAt: number): Promise<void> {
  screen.step("It asks what explains them");
  const explained = await agent.call(
    "explain_errors",
    { since: new Date(releasedAt).toISOString(), serverErrorsOnly: true },
    Explained,
  );
  const [first] = explained.explanations;
  const terms = first?.untrusted.terms ?? [];
  screen.result(
    `${terms.map(({ dimension, value }) => `${dimension} ${value}`).join(" and ")}: ${Math.round((first?.share ?? 0) * 100)} % of the excess`,
  );
  for (const { feature, amongFailed, amongOthers } of first?.untrusted.content.slice(0, 2) ?? [])
    screen.result(
      `${feature}: in ${Math.round(amongFailed * 100)} % of those that failed, ${Math.round(amongOthers * 100)} % of the others`,
    );
  claim(
    "it is placing orders",
    terms.find(({ dimension }) => dimension === "route")?.value,
    `POST ${faulty.route}`,
  );
  claim(
    "by the iOS app",
    terms.some(({ value }) => value.startsWith(faulty.client)),
  );
  claim("that explains nearly all of the excess", (first?.share ?? 0) > 0.85);
  claim(
    "what fails has a coupon in its body",
    first?.untrusted.content.some(({ feature }) => feature.includes("coupon")),
  );
}

async function compare({ agent, screen, claim }: Cast, marker: string): Promise<void> {
  screen.step("It compares the time before and after the release");
  const compared = await agent.call("compare_windows", { marker, minutes: 45 }, Compared);
  const [worst] = compared.routes;
  screen.result(
    `${compared.verdict}: error rate ${compared.errorRate.before} before, ${compared.errorRate.after} after`,
  );
  claim("it regressed", compared.verdict, "regressed");
  claim("worst at placing orders", worst?.untrusted.route, faulty.route);
  claim(
    "and not for other traffic than before",
    Math.abs(compared.mix.fromMix) < Math.abs(compared.mix.fromRoutes) / 10,
  );
}

async function lookAtOne({ agent, screen, claim }: Cast): Promise<void> {
  screen.step("It looks at one of them, and takes it along as a command");
  const { requests } = await agent.call(
    "search_requests",
    { query: `status:500 AND route:${faulty.route} AND userAgent:${faulty.client}*`, limit: 1 },
    Found,
  );
  const detail = await agent.call(
    "get_request_detail",
    { requestId: requests[0]?.id ?? "", as: "curl" },
    Detail,
  );
  screen.result((detail.untrusted.exported ?? "").split("\n").at(-1) ?? "");
  claim("the error is told", detail.untrusted.message, "order.coupons is not iterable");
  claim("the release stands beside it", detail.markers[0]?.untrusted.name, "checkout 2.4.0");
  claim(
    "its card number is a token",
    /REDACTED-card-[0-9a-f]{12}/.test(detail.untrusted.request.body?.text ?? ""),
  );
  claim("and a placeholder in the command", /\$REDACTED_/.test(detail.untrusted.exported ?? ""));
  const rules = await agent.call("list_redactions", {}, Rules);
  screen.result(`${rules.redactions.length} redactions of its own; those that are built in always apply`);
}
