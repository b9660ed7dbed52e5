import { hash } from "node:crypto";
import type { RawAnswer, RawRequest, RawRoute } from "../../engines/inbound/inbound.ts";
import { Failure } from "../../kernel/failure.ts";
import { partsOf } from "../../kernel/target.ts";
import { capturedBody } from "./captured-body.ts";
import { capturePlace } from "./capture-place.ts";
import type { Capture } from "./capture.ts";
import { CapturedBatch } from "./captured.ts";
import { checked } from "./checked.ts";
import { answeredJson, refusal } from "./refusal.ts";
import { settingsOf } from "./settings.ts";

/**
 * `/capture/v1/settings` and `/capture/v1/batches`, for agents. A batch is answered 202 once it is durable, naming the
 * records that were refused and why; 4xx = do not send it again, 408, 429 and 5xx = send it again as it is.
 */
export function captureRoute(capture: Capture): RawRoute {
  return {
    prefix: "/capture/v1/",
    async handle(request) {
      try {
        return await answer(request, capture);
      } catch (error) {
        if (error instanceof Failure) return refusal(error);
        throw error;
      }
    },
  };
}

async function answer(request: RawRequest, capture: Capture): Promise<RawAnswer> {
  const { path } = partsOf(request.target);
  const route = routes.find((it) => it.path === path);
  if (route === undefined)
    throw new Failure("not_found", "Nothing answers here.", { allowed: routes.map((it) => it.path) });
  if (route.method !== request.method)
    throw new Failure("method_not_allowed", `Use ${route.method}.`, { allowed: [route.method] });
  return route.handle(request, capture);
}

const routes = [
  { path: "/capture/v1/settings", method: "GET", handle: giveSettings },
  { path: "/capture/v1/batches", method: "POST", handle: takeBatch },
] as const;

async function giveSettings(request: RawRequest, capture: Capture): Promise<RawAnswer> {
  const place = await capturePlace(request, capture);
  const settings = settingsOf(place, await capture.rules.ready(place.workspace, place.environment));
  const headers = { etag: `"${settings.revision}"`, "cache-control": "no-cache" };
  if (request.header("if-none-match") === headers.etag) return { status: 304, headers, body: "" };
  return answeredJson(200, settings, headers);
}

async function takeBatch(request: RawRequest, capture: Capture): Promise<RawAnswer> {
  const place = await capturePlace(request, capture);
  const body = await capturedBody(request);
  const { agent, id = hash("sha256", body).slice(0, 32), ...rest } = checked(CapturedBatch, parsed(body));
  const taken = await capture.take(place, {
    ...rest,
    id,
    source: { ...agent, name: agent.name || "agent" },
    receivedAt: request.receivedAt,
  });
  return answeredJson(202, taken);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Failure("invalid", "The body is no JSON in UTF-8.", {
      pointer: "",
      hint: "Send one batch as JSON, gzipped if you like (Content-Encoding: gzip).",
    });
  }
}
