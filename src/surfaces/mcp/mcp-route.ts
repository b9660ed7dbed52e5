import type { RawAnswer, RawRequest, RawRoute } from "../../engines/inbound/inbound.ts";
import { credentialWatch, type Watch } from "../../registry/credential-watch.ts";
import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import { whileHeld } from "../../registry/while-held.ts";
import { capabilities, type ServerInfo } from "./about.ts";
import { callMsMax } from "./call-time.ts";
import { everyEra } from "./every-era.ts";
import { senderOf } from "./leaving.ts";
import { methodsOf, type Methods, type Offer } from "./methods.ts";
import { reception, type Reception } from "./reception.ts";
import { bodyBytesMax, incomplete, refusal, refused } from "./refusal.ts";
import { readMessage } from "./rpc-body.ts";

export type McpMount = Offer & {
  readonly engines: Engines;
  readonly authenticate: Authenticate;
  /** Over calls that wait and streams that are open; by `authenticate` unless given. */
  readonly watch?: Watch;
  /** false = there is nothing here, whoever asks. */
  readonly enabled: boolean;
  readonly serverInfo: ServerInfo;
};

/** What the addresses share. */
export type Shared = Pick<McpMount, "engines" | "enabled" | "serverInfo"> & {
  readonly methods: Methods;
  readonly desk: Reception;
  readonly watch: Watch;
};

export function sharedBy({ engines, authenticate, enabled, serverInfo, watch, ...offer }: McpMount): Shared {
  return {
    engines,
    enabled,
    serverInfo,
    methods: methodsOf(offer, engines),
    desk: reception(offer, engines, authenticate),
    watch: watch ?? credentialWatch(authenticate, engines),
  };
}

const resource = "/api/mcp";

/**
 * `POST /api/mcp`: one JSON request, one JSON response, no session, whatever `Accept` says. Speaks 2024-11-05 to
 * 2025-11-25, with `initialize` or without, and 2026-07-28.
 *
 * HTTP statuses: 200 answers, errors of methods among them; 202 to notifications; 400 what is no request; 401 and 403
 * whoever may not ask; 404 when turned off; 405 any other method; 408, 413 and 503 bodies that did not come through.
 */
export function statelessRoute({ engines, enabled, serverInfo, methods, desk, watch }: Shared): RawRoute {
  const era = everyEra(methods, { capabilities, serverInfo, log: engines.log });

  async function answer(request: RawRequest, requestId: string): Promise<RawAnswer> {
    const guest = await desk.admit(request, requestId, resource);
    const body = await request.body(bodyBytesMax);
    if (body.kind !== "whole") return incomplete(body.kind);
    const message = readMessage(body.bytes);
    const ends = { watch, credentials: guest.credentials, caller: senderOf(request), msMax: callMsMax };
    return whileHeld(ends, (conduct) => era.answer(message, desk.heard(request, guest, conduct)));
  }

  return {
    prefix: resource,
    async handle(request) {
      if (!enabled) return refusal(404, "The MCP server is turned off.");
      if (request.method !== "POST")
        return refusal(405, `${request.method} is not served here: send JSON-RPC by POST.`, {
          allow: "POST",
        });
      const requestId = desk.nextId();
      try {
        return await answer(request, requestId);
      } catch (error) {
        const authorization = request.header("authorization");
        return refused(error, { requestId, resource, authorization, id: null }, engines);
      }
    },
  };
}
