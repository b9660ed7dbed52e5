import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Plane, Running } from "../../registry/plane.ts";
import { capture } from "./capture.ts";
import { captureRoute } from "./capture-route.ts";
import { marker } from "./marker.ts";
import { compareWindows } from "./operations/compare-windows.ts";
import { createEvent } from "./operations/create-event.ts";
import { explainErrors } from "./operations/explain-errors.ts";
import { getErrors } from "./operations/get-errors.ts";
import { getMetrics } from "./operations/get-metrics.ts";
import { getRequestDetail } from "./operations/get-request-detail.ts";
import { getResponseTimes } from "./operations/get-response-times.ts";
import { getThroughput } from "./operations/get-throughput.ts";
import { listEvents } from "./operations/list-events.ts";
import { searchRequests } from "./operations/search-requests.ts";
import { allRuleOperations, ruleResources } from "./rules/rules.ts";
import { tokenKey } from "./token-keys.ts";

export const traffic = {
  name: "traffic",
  operations: [
    searchRequests,
    getMetrics,
    getErrors,
    getRequestDetail,
    getThroughput,
    getResponseTimes,
    listEvents,
    createEvent,
    explainErrors,
    compareWindows,
    ...allRuleOperations,
  ],
  resources: [marker, tokenKey, ...ruleResources],
  documents: [],
  prompts: [],
  start,
} as const satisfies Plane;

async function start(engines: Engines, authenticate: Authenticate): Promise<Running> {
  return {
    routes: [captureRoute(await capture(engines, authenticate))],
    jobs: [],
    messages: [],
    upkeep: [],
  };
}
