import { aiSdk } from "./ai-sdk.ts";
import type { Client } from "./client.ts";
import { inspector } from "./inspector.ts";
import { mastra } from "./mastra.ts";
import { mcpRemote } from "./mcp-remote.ts";
import { openaiAgents } from "./openai-agents.ts";
import { sdkV1 } from "./sdk-v1.ts";
import { sdkV2 } from "./sdk-v2.ts";

const modern = { pin: "2026-07-28" } as const;

/** Every client in every way that it speaks, at the address that is meant for that. */
export const clients: readonly Client[] = [
  sdkV2("legacy", "legacy", "/api/mcp"),
  sdkV2("auto", "auto", "/api/mcp"),
  sdkV2("pinned", modern, "/api/mcp"),
  sdkV2("legacy", "legacy", "/mcp"),
  sdkV2("auto", "auto", "/mcp"),
  sdkV2("pinned", modern, "/mcp"),
  sdkV1("stateless", "http", "/api/mcp"),
  sdkV1("session", "http", "/mcp"),
  sdkV1("sse", "sse", "/mcp/sse"),
  inspector("http", "legacy", "/api/mcp"),
  inspector("http", "modern", "/api/mcp"),
  inspector("http", "auto", "/mcp"),
  inspector("sse", "legacy", "/mcp/sse"),
  mcpRemote("as it comes", [], "/api/mcp"),
  mcpRemote("auto", ["--protocol", "auto"], "/mcp"),
  mcpRemote("sse", ["--transport", "sse-only"], "/mcp/sse"),
  aiSdk("http", "/api/mcp"),
  aiSdk("http", "/mcp"),
  aiSdk("sse", "/mcp/sse"),
  openaiAgents("MCPServerStreamableHttp", "/api/mcp"),
  openaiAgents("MCPServerStreamableHttp", "/mcp"),
  openaiAgents("MCPServerSSE", "/mcp/sse"),
  mastra("auto", "/api/mcp"),
  mastra("legacy", "/mcp"),
  mastra("auto", "/mcp/sse"),
];
