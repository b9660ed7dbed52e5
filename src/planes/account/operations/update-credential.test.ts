import { dryRunLeavesNothing, scenarios, type Scenario } from "../../../../test/scenario.ts";
import { createApiKey } from "./create-api-key.ts";
import { updateCredential } from "./update-credential.ts";

const aKey: Scenario["given"] = (call) => call(createApiKey, { name: "laptop" });

scenarios(updateCredential, [
  {
    name: "renames it and changes its view, and leaves alone what is not given",
    scopes: ["credentials:write"],
    given: aKey,
    input: ({ id }) => ({ credentialId: id, toolsets: ["account"] }),
    gives: { name: "laptop", toolsets: ["account"], scopes: null, version: 2 },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
  {
    name: "an unknown toolset is refused",
    scopes: "all",
    given: aKey,
    input: ({ id }) => ({ credentialId: id, toolsets: ["webhook"] }),
    fails: { kind: "invalid", pointer: "/toolsets/0" },
    leaves: {},
  },
  {
    name: "an unknown credential is not found",
    scopes: "all",
    input: { credentialId: "key_0000000000000000000000", name: "desktop" },
    fails: { kind: "not_found", pointer: "/credentialId" },
    leaves: {},
  },
]);

dryRunLeavesNothing(updateCredential, {
  given: aKey,
  input: ({ id }) => ({ credentialId: id, name: "desktop" }),
});
