import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import type { z } from "zod";
import { connectAgent, type Agent } from "./agent.ts";
import {
  Accepted,
  Accounts,
  Dashboard,
  Endpoint,
  EndpointList,
  LogDetail,
  Logs,
  PlannedChange,
  Replay,
  Rotated,
  Test,
  Usage,
  Waited,
} from "./answers.ts";
import type { Claim } from "./claims.ts";
import { restClient, type Rest } from "./rest.ts";
import { brief, type Screen } from "./screen.ts";
import { billing, github, post, signed, stripe, tampered, type Request, type Sender } from "./senders.ts";
import { itsTrouble, type Arrived, type Target } from "./target.ts";

/** Everything the story is told with. */
export type World = {
  readonly url: string;
  readonly key: string;
  readonly target: Target;
  readonly screen: Screen;
  readonly claim: Claim;
};

type Cast = World & { readonly agent: Agent; readonly rest: Rest };
type Endpoints = { readonly stripe: Endpoint; readonly github: Endpoint; readonly billing: Endpoint };
type Waited = z.output<typeof Waited>;

const senders = [stripe, github, billing];
const forPeople: ReadonlySet<string> = new Set([
  "set_endpoint_secret",
  "rotate_signing_secret",
  "create_api_key",
]);
/** The failing endpoint's: enough to see a retry, few enough to see it given up within seconds. */
const attemptsMax = 2;
const looksMax = 200;
const lookEveryMs = 50;

/** An agent sets up three endpoints, sees webhooks arrive, fail and be refused, finds out why, mends it and proves it. */
export async function tellStory(world: World): Promise<void> {
  const { url, key, screen, claim } = world;
  screen.step("An MCP client connects");
  const agent = await connectAgent(`${url}/api/mcp`, key, screen);
  try {
    const cast: Cast = { ...world, agent, rest: restClient(url, key) };
    await lookAround(cast);
    const endpoints = await createEndpoints(cast);
    const signingSecret = await storeSecrets(cast, endpoints);
    const first = await receive(cast, endpoints.stripe, signingSecret);
    await repeat(cast, endpoints.stripe, first);
    await refuseForgery(cast, endpoints.github);
    const failing = await failToDeliver(cast, endpoints.billing);
    await findOutWhy(cast, endpoints.billing, failing.logId);
    await mend(cast, endpoints.billing);
    await replay(cast, endpoints.billing, failing);
    await proveTheFix(cast, endpoints.billing);
    await account(cast);
    await overview(cast, endpoints.github);
    const secrets = [key, signingSecret, ...senders.map(({ secret }) => secret)];
    claim(
      "in all that the agent was told there was no secret",
      secrets.filter((secret) => agent.heard().includes(secret)),
      [],
    );
  } finally {
    await agent.close();
  }
}

async function lookAround({ agent, screen, claim }: Cast): Promise<void> {
  const tools = await agent.tools();
  screen.result(`${agent.server}, MCP ${agent.revision}, ${tools.length} tools`);
  claim(
    "no tool takes or shows a secret",
    tools.filter((name) => forPeople.has(name)),
    [],
  );
}

async function createEndpoints({ agent, target, screen, claim }: Cast): Promise<Endpoints> {
  screen.step("It creates three endpoints, after a dry run");
  const inputOf = ({ name, provider, path }: Sender) => ({ name, provider, targetUrl: target.urlOf(path) });
  const dry = await agent.call("create_endpoint", { ...inputOf(stripe), dryRun: true }, PlannedChange);
  const none = await agent.call("list_endpoints", {}, EndpointList);
  claim("the dry run shows one change and makes none", [dry.wouldChange.length, none.total], [1, 0]);
  const create = (sender: Sender, more = {}) =>
    agent.call("create_endpoint", { ...inputOf(sender), ...more }, Endpoint);
  const endpoints = {
    stripe: await create(stripe),
    github: await create(github),
    billing: await create(billing, { maxAttempts: attemptsMax }),
  };
  screen.result(`Stripe is to send to ${endpoints.stripe.ingestUrl}`);
  claim(
    "each refuses everything until its provider's secret is stored",
    Object.values(endpoints).map(({ verification }) => verification),
    senders.map(() => "waiting for secret"),
  );
  return endpoints;
}

async function storeSecrets({ rest, screen, claim }: Cast, endpoints: Endpoints): Promise<string> {
  screen.step("A person stores the providers' secrets over REST, so that they pass through no conversation");
  screen.call("PUT /api/v1/endpoints/{stripe,github,billing}/secret");
  const stored = await Promise.all([
    rest.put(`/endpoints/${endpoints.stripe.slug}/secret`, { secret: stripe.secret }, Endpoint),
    rest.put(`/endpoints/${endpoints.github.slug}/secret`, { secret: github.secret }, Endpoint),
    rest.put(`/endpoints/${endpoints.billing.slug}/secret`, { secret: billing.secret }, Endpoint),
  ]);
  screen.call("POST /api/v1/endpoints/stripe/signing-secret");
  const { value } = await rest.post(`/endpoints/${endpoints.stripe.slug}/signing-secret`, Rotated);
  screen.result(`${value.signingSecret.slice(0, 6)}…, shown this once: the target checks deliveries with it`);
  claim(
    "all three verify now, and no secret that was stored is shown again",
    [
      stored.map((it) => it.value.verification),
      stored.filter(({ text }) => senders.some(({ secret }) => text.includes(secret))),
    ],
    [["on", "on", "on"], []],
  );
  return value.signingSecret;
}

type Received = { readonly request: Request; readonly logId: string };

async function receive(
  { agent, target, screen, claim }: Cast,
  { slug, ingestUrl }: Endpoint,
  signingSecret: string,
): Promise<Received> {
  screen.step("Stripe sends a signed webhook, and the agent waits for it");
  const request = await signed(stripe);
  const waiting = agent.call("wait_for_webhook", { endpointId: slug, until: "ended", position: 0 }, Waited);
  const answer = await post(ingestUrl, request);
  const log = logOf(await waiting);
  screen.result(`Stripe was answered ${answer.status}; ${lineOf(log)}`);
  claim(
    "Stripe was answered 200, and the webhook is verified and delivered",
    [answer.status, log.verification, log.state],
    [200, "verified", "delivered"],
  );
  const [arrived, ...more] = target.at(stripe.path);
  claim("the target got it once, with the same bytes", [arrived?.body, more.length], [request.body, 0]);
  claim("the target can check the sluice-signature with our secret", isSigned(arrived, signingSecret));
  return { request, logId: log.id };
}

async function repeat(
  { agent, target, screen, claim }: Cast,
  { ingestUrl }: Endpoint,
  first: Received,
): Promise<void> {
  screen.step("Stripe sends it once more, as providers do");
  const { id } = Accepted.parse(JSON.parse((await post(ingestUrl, first.request)).text));
  const log = await agent.call("get_log_detail", { logId: id }, LogDetail);
  screen.result(`${lineOf(log)} of ${log.duplicateOf ?? "nothing"}`);
  claim(
    "it is a duplicate of the first, and the target did not get it again",
    [log.state, log.duplicateOf, target.at(stripe.path).length],
    ["duplicate", first.logId, 1],
  );
}

async function refuseForgery(
  { agent, target, screen, claim }: Cast,
  { slug, ingestUrl }: Endpoint,
): Promise<void> {
  screen.step("GitHub sends a webhook, then somebody sends it with one bit changed");
  const request = await signed(github);
  const genuine = await post(ingestUrl, request);
  const forged = await post(ingestUrl, tampered(request));
  const waited = await agent.call(
    "wait_for_webhook",
    { endpointId: slug, until: "ended", eventType: "push", position: 0 },
    Waited,
  );
  const { logs } = await agent.call("list_logs", { endpointId: slug, status: "rejected" }, Logs);
  const [rejected] = logs;
  if (rejected === undefined) throw new Error("No log says that the forgery was rejected.");
  screen.result(lineOf(logOf(waited)));
  screen.result(`${lineOf(rejected)}: ${rejected.untrusted.detail ?? ""}`);
  claim(
    "the genuine one is accepted, the forged one refused, and the log says why",
    [genuine.status, forged.status, rejected.error],
    [200, 401, "no_match"],
  );
  claim(
    "only the genuine one reached the target",
    target.at(github.path).map(({ body }) => body),
    [request.body],
  );
}

async function failToDeliver(
  { agent, target, screen, claim }: Cast,
  { slug, ingestUrl }: Endpoint,
): Promise<Received> {
  screen.step("A billing webhook arrives while its target is broken");
  target.breakDown(billing.path);
  const request = await signed(billing);
  const answer = await post(ingestUrl, request);
  const { log, attempt } = await firstFailure(agent, slug);
  screen.result(
    `attempt ${attempt.attempt} ${attempt.outcome} with ${attempt.status}, the next is due at ${attempt.nextAttemptAt}`,
  );
  claim(
    "the sender was answered 200, the target answered 500, the event is pending",
    [answer.status, attempt.status, log.state],
    [200, 500, "pending"],
  );
  claim("it will be tried again", Date.parse(attempt.nextAttemptAt ?? "") > Date.parse(attempt.at));
  const ended = logOf(
    await agent.call("wait_for_webhook", { endpointId: slug, until: "ended", position: 0 }, Waited),
  );
  screen.result(lineOf(ended));
  claim(`after ${attemptsMax} attempts it is given up`, ended.state, "failed");
  return { request, logId: ended.id };
}

async function firstFailure(agent: Agent, slug: string) {
  const { logs } = await until(
    () => agent.call("list_logs", { endpointId: slug, status: "pending" }, Logs),
    (seen) => seen.logs.some(({ attempts }) => attempts > 0),
  );
  const [log] = logs;
  const [attempt] = log?.lastAttempts ?? [];
  if (log === undefined || attempt === undefined) throw new Error("No log shows the failed attempt.");
  return { log, attempt };
}

async function findOutWhy({ agent, screen, claim }: Cast, { slug }: Endpoint, logId: string): Promise<void> {
  screen.step("The agent finds out why");
  const { topFailing } = await agent.call("get_dashboard_summary", {}, Dashboard);
  claim(
    "the dashboard names the endpoint, and no other",
    topFailing.map((it) => it.slug),
    [slug],
  );
  const text = await agent.prompt("debug_endpoint", { endpointSlug: slug });
  // It stands in JSON in JSON there.
  claim("the prompt quotes the target's own error", text.replaceAll("\\", "").includes(itsTrouble));
  const { attempts } = await agent.call("get_log_detail", { logId }, LogDetail);
  const said = attempts.map((it) => it.untrusted.body?.text);
  screen.result(`attempt ${said.length}, the target's answer: ${said.at(-1) ?? "none"}`);
  const expected = JSON.stringify({ error: itsTrouble });
  claim("every attempt is kept with the target's answer", said, [expected, expected]);
}

async function mend({ agent, target, screen, claim }: Cast, { slug }: Endpoint): Promise<void> {
  screen.step("The target is mended, and a signed test proves it");
  target.mend(billing.path);
  const before = target.at(billing.path).length;
  const dry = await agent.call("send_test", { endpointId: slug, dryRun: true }, Test);
  const untouched = target.at(billing.path).length;
  const test = await agent.call("send_test", { endpointId: slug }, Test);
  screen.result(
    `dry run: ${dry.state}; then: ${test.state}, status ${test.attempt?.status}, signed: ${test.signed}`,
  );
  claim(
    "the dry run sent nothing; then the test was signed and delivered",
    [dry.state, untouched, test.signed, test.state],
    ["planned", before, true, "delivered"],
  );
}

async function replay(
  { agent, target, screen, claim }: Cast,
  { slug }: Endpoint,
  failing: Received,
): Promise<void> {
  screen.step("It plans a replay of what failed, then carries it out");
  const before = target.at(billing.path).length;
  const plan = await agent.call("replay_webhooks", { endpointId: slug, status: "failed" }, Replay);
  screen.result(`${plan.planId}: ${plan.state}, ${plan.selected} selected`);
  claim(
    "the plan names one event and sends nothing",
    [plan.selected, target.at(billing.path).length],
    [1, before],
  );
  const done = await until(
    () => agent.call("replay_webhooks", { planId: plan.planId }, Replay),
    ({ state }) => state !== "running",
  );
  screen.result(
    `${done.state}: ${done.delivered} delivered, ${done.failed} failed, ${done.remaining} remaining`,
  );
  claim("it is delivered", [done.state, done.delivered, done.remaining], ["done", 1, 0]);
  const arrived = target.at(billing.path).at(-1);
  claim(
    "the target got the same bytes, under the same id, marked as a replay",
    [arrived?.body, arrived?.headers["sluice-id"], arrived?.headers["sluice-replay"]],
    [failing.request.body, failing.logId, "true"],
  );
  const { attempts, replays } = await agent.call("get_log_detail", { logId: failing.logId }, LogDetail);
  screen.result(attempts.map((it) => `${it.kind} ${it.attempt}: ${it.status}`).join(", "));
  claim(
    "its log shows two failures and the replay",
    [attempts.map((it) => it.status), replays],
    [[500, 500, 200], [plan.planId]],
  );
}

async function proveTheFix({ agent, screen, claim }: Cast, { slug, ingestUrl }: Endpoint): Promise<void> {
  screen.step("The next billing webhook goes through at once");
  // It finds nothing: asked only for the position from which the next one waits.
  const { position } = await agent.call("wait_for_webhook", { endpointId: slug, timeoutSeconds: 1 }, Waited);
  await post(ingestUrl, await signed(billing));
  const waited = await agent.call("wait_for_webhook", { endpointId: slug, until: "ended", position }, Waited);
  screen.result(lineOf(logOf(waited)));
  claim(
    "it is verified and delivered",
    [waited.log?.verification, waited.log?.state],
    ["verified", "delivered"],
  );
}

async function account({ agent, screen, claim }: Cast): Promise<void> {
  screen.step("Everything received is accounted for");
  const accounts = await agent.call("account_for_webhooks", {}, Accounts);
  screen.result(brief(accounts));
  const { remainder, ...counts } = accounts;
  claim("nothing is missing", remainder, 0);
  claim("6 received = 3 delivered + 1 failed + 1 duplicate + 1 rejected", counts, {
    received: 6,
    delivered: 3,
    pending: 0,
    failed: 1,
    filtered: 0,
    duplicate: 1,
    rejected: 1,
  });
  const usage = await agent.call("get_plan_usage", {}, Usage);
  screen.result(`${usage.events.used} events used, ${usage.events.left} left this month`);
  claim("duplicates, forgeries and tests cost nothing", usage.events.used, 4);
}

async function overview({ agent, screen, claim }: Cast, { slug }: Endpoint): Promise<void> {
  screen.step("At last the whole picture, and a look at what deleting an endpoint would do");
  const { endpoints } = await agent.resource("sluice://endpoints/list", EndpointList);
  screen.result(
    endpoints
      .map(({ slug: name, stats }) => `${name} delivered ${stats.delivered} of ${stats.received}`)
      .join(", "),
  );
  claim(
    "nothing is pending anywhere",
    endpoints.map(({ stats }) => stats.pending),
    [0, 0, 0],
  );
  const dry = await agent.call("delete_endpoint", { endpointId: slug, dryRun: true }, PlannedChange);
  const { total } = await agent.call("list_endpoints", {}, EndpointList);
  claim("the dry run shows one change and makes none", [dry.wouldChange.length, total], [1, 3]);
}

function logOf({ log }: Waited): NonNullable<Waited["log"]> {
  if (log === null) throw new Error("The webhook waited for did not come.");
  return log;
}

function lineOf({ number, state, error, untrusted, bytes, answered }: NonNullable<Waited["log"]>): string {
  const why = error === null ? "" : ` (${error})`;
  return `${number} ${untrusted.eventType ?? "unknown type"}, ${bytes} bytes, answered ${answered}: ${state}${why}`;
}

/** Whether a target that knows the endpoint's own secret finds the delivery signed by the Standard Webhooks scheme. */
function isSigned(arrived: Arrived | undefined, secret: string): boolean {
  if (arrived === undefined) return false;
  const names = ["id", "timestamp", "signature"];
  const headers = Object.fromEntries(
    names.map((it) => [`webhook-${it}`, String(arrived.headers[`sluice-${it}`])]),
  );
  try {
    new Webhook(secret).verify(arrived.body, headers);
    return true;
  } catch {
    return false;
  }
}

/** Looks again until what is looked for is there; then, or at the last look, answers what was seen. */
async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  for (let n = 1; ; n++) {
    const seen = await look();
    if (holds(seen) || n === looksMax) return seen;
    await sleep(lookEveryMs);
  }
}
