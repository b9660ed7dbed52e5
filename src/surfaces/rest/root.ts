import { Hono } from "hono";
import { Failure } from "../../kernel/failure.ts";
import { answered } from "./answer.ts";

/** Where people and programs find what there is. */
const addresses: readonly (readonly [path: string, does: string])[] = [
  ["/api/v1", "REST API"],
  ["/api/mcp", "MCP server for AI agents"],
  ["/mcp", "the same with sessions and streams"],
  ["/sign-in", "for people: their account, sessions and connected clients"],
  ["/reference", "the REST API, for people to read"],
  ["/openapi.json", "the REST API, for programs to read (OpenAPI 3.1)"],
  ["/healthz", "whether the process lives"],
  ["/readyz", "whether every part of it works"],
  ["/metrics", "figures for Prometheus"],
];

/** Everything below one root: the apps in turn, `/` naming the addresses, and a problem for every other path. */
export function rootApp(apps: readonly Hono[], log: (line: string) => void): Hono {
  const app = new Hono();
  for (const part of apps) app.route("/", part);
  app.get("/", (c) => c.text(welcome(), 200, { "x-content-type-options": "nosniff" }));
  app.notFound((c) =>
    answered(c.req.raw, log, () => {
      throw new Failure("not_found", "There is nothing at this address.", {
        hint: `Try ${addresses.map(([path]) => path).join(", ")}.`,
      });
    }),
  );
  app.onError((error, c) =>
    answered(c.req.raw, log, () => {
      throw error;
    }),
  );
  return app;
}

function welcome(): string {
  const lines = addresses.map(([path, does]) => `${path.padEnd(16)}${does}`);
  return ["Sluice, the self-hosted traffic platform that AI agents can run.", "", ...lines, ""].join("\n");
}
