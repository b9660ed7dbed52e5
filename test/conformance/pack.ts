import { Failure } from "../../src/kernel/failure.ts";
import type { Principal } from "../../src/kernel/principal.ts";
import type { Authenticate } from "../../src/registry/credentials.ts";
import type { Extras } from "../../src/surfaces/mcp/extra.ts";
import type { McpMount } from "../../src/surfaces/mcp/mcp-route.ts";
import { serveSample, workspaceId, type Sample } from "../surfaces/mcp-sample.ts";
import { binary, contentPrompts, contentTools } from "./pack-content.ts";
import { documents, operations, prompts } from "./pack-operations.ts";
import { questionPrompt, questionTools } from "./pack-questions.ts";

const scope = "conformance:read";

export const extra: Extras = {
  scope,
  tools: [...contentTools, ...questionTools],
  resources: [binary],
  prompts: [...contentPrompts, questionPrompt],
};

export const anybody: Principal = {
  workspaces: new Map([[workspaceId, new Set([scope])]]),
  actor: { kind: "system", id: "conformance" },
  credential: { kind: "api-key", id: "conformance" },
  confines: {},
  toolsets: ["conformance"],
};

/** The suite has no way to send a key. */
const anybodyHere: Authenticate = async ({ remoteAddress }) => {
  if (remoteAddress === "127.0.0.1" || remoteAddress === "::1") return anybody;
  throw new Failure("unauthenticated", "Only this machine may ask.");
};

/**
 * The fixtures that the official conformance suite looks for, on loopback, through the reception, eras, sessions, streams
 * and methods of the product. `changed` takes the place of what the pack offers.
 */
export function servePack(changed: Partial<McpMount> = {}): Promise<Sample> {
  return serveSample({
    operations,
    documents,
    prompts,
    toolsets: { names: ["conformance"], of: () => "conformance", everyView: new Set() },
    extra,
    authenticate: anybodyHere,
    ...changed,
  });
}
