import type { Engines } from "../../registry/engines.ts";
import type { Plane, Running } from "../../registry/plane.ts";
import { declaredEndpoint } from "./declared-endpoint.ts";
import { deliverJob, redeliverJob, testJob } from "./delivery.ts";
import { endpoint } from "./endpoint.ts";
import { slugs } from "./endpoint-suggestions.ts";
import { ingress } from "./ingress.ts";
import { deliver } from "./jobs/deliver.ts";
import { replay } from "./jobs/replay.ts";
import { laneMessages } from "./lane-messages.ts";
import { liveEndpoints } from "./live-endpoints.ts";
import { accountForWebhooks } from "./operations/account-for-webhooks.ts";
import { createEndpoint } from "./operations/create-endpoint.ts";
import { deleteEndpoint } from "./operations/delete-endpoint.ts";
import { getDashboardSummary } from "./operations/get-dashboard-summary.ts";
import { getEndpoint } from "./operations/get-endpoint.ts";
import { getLogDetail } from "./operations/get-log-detail.ts";
import { getPlanUsage } from "./operations/get-plan-usage.ts";
import { listEndpoints } from "./operations/list-endpoints.ts";
import { listLogs } from "./operations/list-logs.ts";
import { replayWebhooks } from "./operations/replay-webhooks.ts";
import { rotateSigningSecret } from "./operations/rotate-signing-secret.ts";
import { sendTest } from "./operations/send-test.ts";
import { setEndpointSecret } from "./operations/set-endpoint-secret.ts";
import { updateEndpoint } from "./operations/update-endpoint.ts";
import { waitForWebhook } from "./operations/wait-for-webhook.ts";
import { debugEndpoint } from "./prompts/debug-endpoint.ts";
import { setupWebhook } from "./prompts/setup-webhook.ts";
import { outlived } from "./outlived.ts";
import { quotas } from "./quota.ts";

export const webhooks = {
  name: "webhooks",
  operations: [
    listEndpoints,
    createEndpoint,
    updateEndpoint,
    deleteEndpoint,
    listLogs,
    getLogDetail,
    sendTest,
    getDashboardSummary,
    getPlanUsage,
    getEndpoint,
    replayWebhooks,
    waitForWebhook,
    accountForWebhooks,
    setEndpointSecret,
    rotateSigningSecret,
  ],
  resources: [endpoint],
  declares: [declaredEndpoint],
  documents: [
    {
      name: "endpoints-list",
      title: "Endpoints",
      does: "All webhook endpoints with their figures of the last 24 hours.",
      uri: "sluice://endpoints/list",
      aliases: ["mitte://endpoints/list"],
      operation: listEndpoints.name,
      variables: {},
      follows: { records: [endpoint.kind], traffic: true },
    },
    {
      name: "endpoint-detail",
      title: "Endpoint",
      does: "One endpoint with its figures and what is waiting at this moment.",
      uri: "sluice://endpoints/{slug}",
      aliases: ["mitte://endpoints/{slug}"],
      operation: getEndpoint.name,
      variables: { slug: "endpointId" },
      suggests: { slug: slugs },
      follows: { records: [endpoint.kind], traffic: true },
    },
    {
      name: "dashboard-summary",
      title: "Dashboard",
      does: "The last 24 hours of all endpoints.",
      uri: "sluice://dashboard/summary",
      aliases: ["mitte://dashboard/summary"],
      operation: getDashboardSummary.name,
      variables: {},
      follows: { records: [endpoint.kind], traffic: true },
    },
    {
      name: "plan-usage",
      title: "Plan usage",
      does: "The plan, what is used and left of it, and the account's limits.",
      uri: "sluice://plan/usage",
      aliases: ["mitte://plan/usage"],
      operation: getPlanUsage.name,
      variables: {},
    },
  ],
  prompts: [debugEndpoint, setupWebhook],
  start,
} as const satisfies Plane;

async function start(engines: Engines): Promise<Running> {
  const endpoints = await liveEndpoints(engines);
  const quota = await quotas(engines);
  return {
    routes: [ingress(endpoints, quota, engines)],
    jobs: [
      ...[deliverJob, testJob, redeliverJob].map((name) => deliver(name, endpoints, engines)),
      replay(engines),
    ],
    messages: laneMessages(engines),
    upkeep: [
      { name: "quota use", everyMs: 2_000, by: "each", run: () => quota.refresh().then(() => "done") },
      { name: "over quota", everyMs: 5_000, by: "each", run: () => quota.release().then(() => "done") },
      outlived(engines),
    ],
  };
}
