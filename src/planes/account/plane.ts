import type { Plane } from "../../registry/plane.ts";
import { createApiKey } from "./operations/create-api-key.ts";
import { listApiKeys } from "./operations/list-api-keys.ts";
import { revokeApiKey } from "./operations/revoke-api-key.ts";
import { updateWorkspace } from "./operations/update-workspace.ts";
import { whoami } from "./operations/whoami.ts";
import { accountUpkeep } from "./upkeep.ts";

export const account = {
  name: "account",
  operations: [whoami, listApiKeys, createApiKey, revokeApiKey, updateWorkspace],
  documents: [],
  prompts: [],
  start: async (engines) => ({ routes: [], jobs: [], messages: [], upkeep: accountUpkeep(engines) }),
} as const satisfies Plane;
