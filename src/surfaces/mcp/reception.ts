import type { RawRequest } from "../../engines/inbound/inbound.ts";
import { newId } from "../../kernel/id.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { Progress } from "../../registry/context.ts";
import { credentialsOf, type Authenticate, type Credentials } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Line } from "./conversation.ts";
import type { Heard } from "./era.ts";
import { foreignRequests } from "./foreign-request.ts";
import type { Offer } from "./methods.ts";
import { narrowed, narrowingOf } from "./narrowing.ts";
import { viewKey, type Narrowing, type Viewer } from "./view.ts";

/** Who sent a request, and what it asked to be narrowed to. */
export type Guest = {
  readonly requestId: string;
  /** With every workspace that the credential may act in. */
  readonly principal: Principal;
  /** What it proved that with, so that it can be asked again whether that still holds. */
  readonly credentials: Credentials;
  readonly narrowing: Narrowing;
};

/** What becomes of a call while it is under way. */
export type Conduct = {
  /** Looked at only by calls that wait. */
  readonly signal: AbortSignal;
  readonly progress?: Progress;
  readonly line?: Line;
};

/** Turns requests into who asks, what they are shown, and what they said: for every address alike. */
export type Reception = {
  nextId(): string;
  /**
   * `resource` is the place that a token has to be made out to.
   *
   * @throws Failure forbidden for requests of foreign pages, invalid for unknown selectors; whatever `authenticate` throws
   */
  admit(request: RawRequest, requestId: string, resource: string): Promise<Guest>;
  heard(request: RawRequest, guest: Guest, conduct: Conduct): Heard;
};

export function reception(
  { operations, prompts, toolsets, extra }: Offer,
  { settings }: Engines,
  authenticate: Authenticate,
): Reception {
  // Random once and counted on: no other process gives out the same ids, and none costs randomness.
  const series = newId("req");
  let requests = 0;
  const offered = [...operations, ...prompts, ...(extra === undefined ? [] : [extra])];
  const scopes = [...new Set(offered.map(({ scope }) => scope))];
  const refuseForeign = foreignRequests(settings);

  return {
    nextId: () => `${series}-${(++requests).toString(36)}`,
    async admit(request, requestId, resource) {
      refuseForeign(request.header("host"), request.header("origin"));
      const { method, remoteAddress } = request;
      const from = { method, resource, remoteAddress };
      const credentials = credentialsOf((name) => request.header(name), from);
      const principal = await authenticate(credentials);
      const choice = { toolsets: toolsets.names, workspaces: principal.workspaces };
      return { requestId, principal, credentials, narrowing: narrowingOf(request, choice) };
    },
    heard(request, { requestId, principal, narrowing }, conduct) {
      const caller: Viewer = {
        principal: narrowed(principal, narrowing),
        surface: "mcp",
        requestId,
        get signal() {
          return conduct.signal;
        },
        idempotencyKey: null,
        readOnly: narrowing.readOnly,
        toolsets: narrowing.toolsets,
        ...(conduct.progress !== undefined && { progress: conduct.progress }),
        ...(conduct.line !== undefined && { line: conduct.line }),
      };
      return {
        headers: {
          version: request.header("mcp-protocol-version"),
          method: request.header("mcp-method"),
          name: request.header("mcp-name"),
          other: (name) => request.header(name),
        },
        caller,
        view: viewKey(scopes, caller),
      };
    },
  };
}
