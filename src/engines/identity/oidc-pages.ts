import type { IncomingMessage } from "node:http";
import type { Configuration, KoaContextWithOIDC } from "oidc-provider";
import { z } from "zod";
import type { IdentityPage } from "./identity.ts";

type DeviceFlow = NonNullable<NonNullable<Configuration["features"]>["deviceFlow"]>;

/** What oidc-provider would render itself, caught as values: by the request that it answers. */
export type CaughtPages = {
  of(request: IncomingMessage | undefined): IdentityPage | null;
  readonly renderError: NonNullable<Configuration["renderError"]>;
  readonly device: Pick<
    DeviceFlow,
    "deviceInfo" | "userCodeInputSource" | "userCodeConfirmSource" | "successSource"
  >;
};

const State = z.object({ secret: z.string() });

export function caughtPages(): CaughtPages {
  const pages = new WeakMap<IncomingMessage, IdentityPage>();

  function show(ctx: KoaContextWithOIDC, page: IdentityPage): void {
    pages.set(ctx.req, page);
    ctx.type = "html";
    ctx.body = "";
  }

  return {
    of: (request) => (request === undefined ? null : (pages.get(request) ?? null)),
    renderError(ctx, { error, error_description: description }) {
      show(ctx, { kind: "error", error, description: description ?? "" });
    },
    device: {
      deviceInfo: (ctx) => ({ remoteAddress: ctx.ip }),
      userCodeInputSource(...[ctx, , , problem]) {
        show(ctx, { kind: "user-code", ...formOf(ctx), userCode: "", problem: problemOf(problem) });
      },
      userCodeConfirmSource(...[ctx, , { clientName, clientId }, { remoteAddress }, userCode]) {
        const about = { client: clientName ?? clientId, userCode, remoteAddress: String(remoteAddress) };
        show(ctx, { kind: "confirm-device", ...formOf(ctx), ...about });
      },
      successSource(ctx) {
        const { clientName, clientId = "" } = ctx.oidc.entities.Client ?? {};
        show(ctx, { kind: "device-connected", client: clientName ?? clientId });
      },
    },
  };
}

function formOf(ctx: KoaContextWithOIDC) {
  const { secret: xsrf } = State.parse(ctx.oidc.entities.Session?.state);
  return { action: ctx.oidc.urlFor("code_verification"), xsrf };
}

function problemOf(problem: Error | undefined): "unknown" | "aborted" | "failed" | null {
  if (problem === undefined) return null;
  if (problem.name === "AbortedError") return "aborted";
  const ofCode = ["NoCodeError", "NotFoundError", "ExpiredError", "AlreadyUsedError"];
  return ofCode.includes(problem.name) ? "unknown" : "failed";
}
