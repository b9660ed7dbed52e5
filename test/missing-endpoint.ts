import { createEndpoint } from "../src/planes/webhooks/operations/create-endpoint.ts";
import { deleteEndpoint } from "../src/planes/webhooks/operations/delete-endpoint.ts";
import type { Output } from "../src/registry/invoke.ts";
import type { RunningScenario } from "./running-world.ts";
import type { Prepare, Scenario } from "./scenario.ts";

/** That an endpoint is not found which never was, or was deleted; `besides` is what else the operation takes. */
export function missingEndpoint(besides: Output = {}): readonly Scenario[] {
  return rows(besides, deleted);
}

/** As `missingEndpoint`, in a world that is at work. */
export function missingEndpointAtWork(besides: Output = {}): readonly RunningScenario[] {
  return rows(besides, (world, workspace) => deleted((it, input) => world.call(workspace, it, input)));
}

function rows<G>(besides: Output, given: G) {
  const missing = {
    scopes: "all",
    fails: { kind: "not_found", pointer: "/endpointId" },
    leaves: {},
  } as const;
  return [
    {
      ...missing,
      name: "an unknown endpoint is not found",
      input: { endpointId: "ep_0000000000000000000000", ...besides },
    },
    {
      ...missing,
      name: "an unknown slug is not found",
      input: { endpointId: "orders", ...besides },
    },
    {
      ...missing,
      name: "a deleted endpoint is not found",
      given,
      input: ({ id }: Output) => ({ endpointId: id, ...besides }),
    },
  ];
}

async function deleted(call: Prepare): Promise<Output> {
  const { id } = await call(createEndpoint, { name: "orders", targetUrl: "https://api.example.com/hooks" });
  return call(deleteEndpoint, { endpointId: id });
}
