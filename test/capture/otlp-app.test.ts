import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { exampleKey } from "../journeys/server-process.ts";
import { captureServer } from "./capture-server.ts";
import { folder, missing } from "./installed.ts";

/** Runs the application, has it asked and ended in good order; answers what it wrote to standard error. */
async function run(t: TestContext, environment: NodeJS.ProcessEnv, use: (url: string) => Promise<void>) {
  const app = fork(join(folder, "telemetry-app.cjs"), {
    // Express writes what was thrown to standard error otherwise.
    env: { PATH: process.env["PATH"], NODE_ENV: "test", ...environment },
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  t.after(() => app.kill("SIGKILL"));
  assert.ok(app.stderr);
  const said = text(app.stderr);
  const [{ port }] = (await once(app, "message")) as [{ port: number }];
  await use(`http://127.0.0.1:${port}`);
  const ended = once(app, "exit");
  app.send("end");
  await ended;
  return said;
}

async function get(url: string): Promise<number> {
  const response = await fetch(url, {
    headers: { "user-agent": "curl/8", authorization: "Bearer no-secret" },
  });
  await response.arrayBuffer();
  return response.status;
}

const skip = missing("@opentelemetry/sdk-node") ?? false;

for (const [name, protocol, compression] of [
  ["Protocol Buffers", "http/protobuf", "none"],
  ["JSON, gzipped", "http/json", "gzip"],
] as const)
  test(`an application with the SDK of OpenTelemetry alone is captured: ${name}`, { skip }, async (t) => {
    const { url, stored } = await captureServer(t);
    const said = await run(
      t,
      {
        OTEL_SERVICE_NAME: "shop",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=staging",
        OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/otlp`,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${exampleKey}`,
      },
      async (app) => {
        assert.equal(await get(`${app}/users/7?full=1`), 200);
        assert.equal(await get(`${app}/broken`), 500);
        assert.equal(await get(`${app}/nowhere`), 404);
      },
    );
    assert.equal(said, "", "the SDK has nothing to complain of, of metrics neither");
    const all = await stored();
    const by = (status: number, route: string, kind = "request") => {
      const found = all.filter((it) => it.status === status && it.route === route && it.kind === kind);
      assert.equal(
        found.length,
        1,
        `one ${kind} ${status} ${route} of ${JSON.stringify(all.map((it) => [it.kind, it.status, it.route]))}`,
      );
      return found[0]!;
    };
    const user = by(200, "/users/:id");
    assert.deepEqual(
      [user.method, user.environment, user.outcome, user.facts["service"]],
      ["GET", "staging", "answered", "shop"],
    );
    assert.ok(user.durationMs > 0);
    const stock = by(200, "/stock/:id");
    const call = by(200, "", "outbound");
    assert.equal(call.parent, user.id, "the call is linked to the request it was made for");
    assert.equal(call.trace, user.trace);
    assert.equal(stock.trace, user.trace, "what was called goes on with the trace");
    const broken = by(500, "/broken");
    assert.equal(broken.error, "TypeError");
    by(404, "");
    assert.ok(
      user.request.headers.every(
        ([header, value]) => header !== "authorization" || !value.includes("no-secret"),
      ),
      "credentials are replaced, though the application sends them",
    );
  });
