import { z } from "zod";
import type { Grant } from "../../../engines/identity/identity.ts";
import { usualToolsets } from "../credentials/credential-form.ts";
import { Use } from "../credentials/credential-view.ts";

export const ConnectionView = z.object({
  id: z.string(),
  client: z.object({
    id: z.string(),
    name: z.string().describe("What the client calls itself."),
    website: z.string().nullable(),
    verified: z.boolean().describe("Whether the host of its id says that it is so."),
  }),
  user: z.string().describe("Whoever approved it."),
  scopes: z.array(z.string()),
  resources: z.array(z.string()).describe("The addresses that its tokens are made out to."),
  toolsets: z.array(z.string()).describe("Whose tools it lists over MCP unless asked for others."),
  connectedAt: z.iso.datetime(),
  approvedAt: z.iso.datetime().describe("When it was approved last."),
  expiresAt: z.iso.datetime().describe("When it is over unless it is used before."),
  lastUsedAt: z.iso.datetime().nullable(),
  lastUsedBy: z.string().nullable().describe("What the last client called itself."),
});

/** `use` is what was noted of its last call. */
export function connectionView(grant: Grant, use: unknown): z.output<typeof ConnectionView> {
  const { id, client, account, scopes, toolsets, createdAt, approvedAt, renewedAt, expiresAt } = grant;
  const used = Use.safeParse(use);
  return {
    id,
    client: { id: client.id, name: client.name, website: client.uri, verified: client.from !== "registered" },
    user: account,
    scopes: [...new Set(Object.values(scopes).flat())].toSorted(),
    resources: Object.keys(scopes),
    toolsets: [...(toolsets ?? usualToolsets.oauth)],
    connectedAt: iso(createdAt),
    approvedAt: iso(approvedAt),
    expiresAt: iso(expiresAt),
    lastUsedAt: iso(used.success ? Math.max(used.data.at, renewedAt) : renewedAt),
    lastUsedBy: used.success && used.data.client !== "" ? used.data.client : null,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
