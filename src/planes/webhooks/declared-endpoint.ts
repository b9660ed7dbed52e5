import type { Declarable } from "../../registry/declarable.ts";
import { createEndpoint } from "./operations/create-endpoint.ts";
import { deleteEndpoint } from "./operations/delete-endpoint.ts";
import { listEndpoints } from "./operations/list-endpoints.ts";
import { setEndpointSecret } from "./operations/set-endpoint-secret.ts";
import { updateEndpoint } from "./operations/update-endpoint.ts";

/** Endpoints in a document. Ingest addresses are no part of it: their random half is made anew on every server. */
export const declaredEndpoint: Declarable = {
  name: "endpoints",
  key: ["slug"],
  inOrder: false,
  operations: {
    list: listEndpoints.name,
    create: createEndpoint.name,
    update: updateEndpoint.name,
    remove: deleteEndpoint.name,
  },
  rows: "endpoints",
  shownAs: { verification: "verificationSettings" },
  refers: [
    { section: "environments", by: ["environment"] },
    { section: "buckets", by: ["environment", "bucket"] },
  ],
  brings: () => [],
  madeWith: [],
  secrets: [
    {
      name: "verification",
      operation: setEndpointSecret.name,
      field: "secret",
      besides: { use: "verification" },
      told: { member: "verification", stored: "on", missing: "waiting for secret" },
    },
  ],
};
