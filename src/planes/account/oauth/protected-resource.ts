import type { RawAnswer, RawRoute } from "../../../engines/inbound/inbound.ts";
import type { Engines } from "../../../registry/engines.ts";
import { identityNeeds } from "./identity-needs.ts";
import { partsOf } from "../../../kernel/target.ts";

const root = "/.well-known/oauth-protected-resource";

/** Of a path, the resource that tokens for it are made out to. */
const described = {
  "": "/mcp",
  "/mcp": "/mcp",
  "/mcp/sse": "/mcp",
  "/api/mcp": "/api/mcp",
  "/api/v1": "/api/v1",
};

/** RFC 9728: what each address takes tokens for and who gives them. What is below none of them is a clean 404. */
export function protectedResourceRoutes(engines: Engines): readonly RawRoute[] {
  const { resources } = identityNeeds(engines);
  const documents = new Map(Object.entries(described).map(([path, resource]) => [root + path, resource]));

  async function handle({
    method,
    target,
  }: {
    readonly method: string;
    readonly target: string;
  }): Promise<RawAnswer> {
    const path = documents.get(partsOf(target).path);
    const resource = resources.find((it) => it.path === path);
    if (resource === undefined) return json(404, { error: "not_found" });
    if (method !== "GET" && method !== "HEAD" && method !== "OPTIONS")
      return json(405, { error: "method_not_allowed" });
    const { publicUrl } = engines.settings;
    return json(200, {
      resource: publicUrl + resource.path,
      resource_name: "Sluice",
      authorization_servers: [publicUrl],
      scopes_supported: resource.scopes,
      bearer_methods_supported: ["header"],
    });
  }

  return [root, `${root}/`].map((prefix) => ({ prefix, handle }));
}

/** Pages of other sites may read it: there is nothing in it that depends on who asks. */
function json(status: number, body: object): RawAnswer {
  const headers = {
    "content-type": "application/json",
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "*",
    "cache-control": "no-cache",
  };
  return { status, headers, body: JSON.stringify(body) };
}
