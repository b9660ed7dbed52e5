import { entryPlace } from "../src/engines/identity/entry-place.ts";
import { grantsIn } from "../src/engines/identity/grants.ts";
import type { Engines } from "../src/registry/engines.ts";
import { serverScope } from "../src/registry/workspace.ts";

/** A client that somebody connected, as its approval would; answers the connection's id. */
export function connected(
  { engines }: { readonly engines: Engines },
  account: string,
  realm: string,
  resource = "/mcp",
): Promise<string> {
  const { store, clock, settings } = engines;
  const client = {
    id: "fake",
    name: "Fake Agent",
    uri: "https://agent.example/",
    from: "registered",
    redirectUris: [],
  } as const;
  const approval = { account, realm, scopes: ["endpoints:read", "events:read"] };
  return grantsIn(entryPlace(store, serverScope, clock), clock).approve(
    client,
    approval,
    settings.publicUrl + resource,
  );
}
