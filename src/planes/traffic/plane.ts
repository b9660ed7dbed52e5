import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Plane, Running } from "../../registry/plane.ts";
import { alert } from "./alerts/alert.ts";
import { notify } from "./alerts/notify.ts";
import { declaredAlert } from "./alerts/declared-alert.ts";
import { createAlert } from "./alerts/operations/create-alert.ts";
import { deleteAlert } from "./alerts/operations/delete-alert.ts";
import { listAlerts } from "./alerts/operations/list-alerts.ts";
import { testAlert } from "./alerts/operations/test-alert.ts";
import { updateAlert } from "./alerts/operations/update-alert.ts";
import { alertUpkeep } from "./alerts/round.ts";
import { capture } from "./capture.ts";
import { captureRoute } from "./capture-route.ts";
import { cataloguing } from "./catalogue/cataloguing.ts";
import { routeTemplate } from "./catalogue/route-template.ts";
import { redactStored } from "./jobs/redact-stored.ts";
import { marker } from "./marker.ts";
import { applyRedactions } from "./operations/apply-redactions.ts";
import { compareVersions } from "./operations/compare-versions.ts";
import { compareWindows } from "./operations/compare-windows.ts";
import { createEvent } from "./operations/create-event.ts";
import { explainErrors } from "./operations/explain-errors.ts";
import { getErrors } from "./operations/get-errors.ts";
import { getMetrics } from "./operations/get-metrics.ts";
import { getRequestDetail } from "./operations/get-request-detail.ts";
import { getResponseTimes } from "./operations/get-response-times.ts";
import { getThroughput } from "./operations/get-throughput.ts";
import { importHar } from "./operations/import-har.ts";
import { getOpenapi } from "./operations/get-openapi.ts";
import { listDrift } from "./operations/list-drift.ts";
import { listEvents } from "./operations/list-events.ts";
import { listRoutes } from "./operations/list-routes.ts";
import { mergeRoutes } from "./operations/merge-routes.ts";
import { minimiseRequest } from "./operations/minimise-request.ts";
import { searchRequests } from "./operations/search-requests.ts";
import { otlpRoute } from "./otlp/otlp-route.ts";
import { splitRoute } from "./operations/split-route.ts";
import { declaredRules } from "./rules/declared-rules.ts";
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
    importHar,
    explainErrors,
    compareWindows,
    minimiseRequest,
    compareVersions,
    listRoutes,
    getOpenapi,
    listDrift,
    ...allRuleOperations,
    applyRedactions,
    mergeRoutes,
    splitRoute,
    listAlerts,
    createAlert,
    updateAlert,
    deleteAlert,
    testAlert,
  ],
  resources: [marker, tokenKey, ...ruleResources, routeTemplate, alert],
  documents: [],
  prompts: [],
  declares: [...declaredRules, declaredAlert],
  start,
} as const satisfies Plane;

async function start(engines: Engines, authenticate: Authenticate): Promise<Running> {
  const capturing = await capture(engines, authenticate);
  return {
    routes: [captureRoute(capturing), otlpRoute(capturing)],
    jobs: [redactStored(capturing.rules, engines), notify(engines)],
    messages: [],
    upkeep: [cataloguing(engines), alertUpkeep(engines)],
  };
}
