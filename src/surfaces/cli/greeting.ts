import { claudeCodeCommand, mcpAddress } from "../../registry/connect-form.ts";

export type Greeting = {
  readonly url: string;
  readonly publicUrl: string;
  readonly echoUrl: string;
  readonly mcpEnabled: boolean;
  /** The first API key, on the first start only. */
  readonly key: string | null;
  /** A one-time link for the owner, as long as they have no other way to sign in. */
  readonly signInLink: string | null;
};

/** What a server prints once it listens: where everything is, and on the first start how to begin. */
export function greeting({ url, publicUrl, echoUrl, mcpEnabled, key, signInLink }: Greeting): string {
  const lines = [
    `Sluice listens on ${url}`,
    "",
    `  REST API   ${publicUrl}/api/v1   (explained at ${publicUrl}/reference)`,
    `  MCP        ${mcpEnabled ? `${publicUrl}/api/mcp   (with sessions and streams: ${publicUrl}/mcp)` : "switched off (MCP_SERVER_ENABLED=false)"}`,
    `  Webhooks   ${publicUrl}/in/…`,
    `  People     ${publicUrl}/sign-in`,
    `  Health     ${publicUrl}/healthz   ${publicUrl}/readyz   ${publicUrl}/metrics`,
    `  Echo       ${echoUrl}   (a target that answers 200, for a first delivery)`,
  ];
  return [
    ...lines,
    ...(signInLink === null ? [] : ownerSteps(signInLink)),
    ...(key === null ? [] : firstSteps(publicUrl, echoUrl, key)),
    "",
  ].join("\n");
}

function ownerSteps(signInLink: string): readonly string[] {
  return [
    "",
    "Nobody can sign in yet. The owner does so here, once and within 24 hours, and chooses a password:",
    "",
    `  ${signInLink}`,
    "",
    "After that, `sluice login` lets the command line act for them, without a key.",
  ];
}

function firstSteps(publicUrl: string, echoUrl: string, key: string): readonly string[] {
  const bearer = `Authorization: Bearer ${key}`;
  return [
    "",
    "This is the first start. Your API key, shown this once:",
    "",
    `  ${key}`,
    "",
    "Let an agent run it:",
    "",
    `  ${claudeCodeCommand(mcpAddress(publicUrl), key)}`,
    "",
    "Other clients are told by `sluice connect`.",
    "",
    "Or create an endpoint by hand, and send it a webhook:",
    "",
    `  INGEST=$(curl -s ${publicUrl}/api/v1/endpoints -H "${bearer}" -H 'content-type: application/json' \\`,
    `    -d '{"name":"hello","targetUrl":"${echoUrl}"}' | sed 's/.*"ingestUrl":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s "$INGEST" -H 'content-type: application/json' -d '{"hello":"world"}'`,
    `  curl -s ${publicUrl}/api/v1/endpoints/hello/logs -H "${bearer}"`,
  ];
}
