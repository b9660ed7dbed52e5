import type { IncomingMessage, ServerResponse } from "node:http";
import inject from "light-my-request";
import Provider from "oidc-provider";
import type { IdentityAnswer, IdentityNeeds, IdentityRequest } from "./identity.ts";
import type { Kept } from "./oidc-adapter.ts";
import { oidcKeys } from "./oidc-keys.ts";
import { caughtPages } from "./oidc-pages.ts";
import { oidcConfiguration } from "./oidc-settings.ts";

/** oidc-provider, asked in process: it expects requests of Node's own, and no connection stands behind them. */
export type OidcServer = {
  readonly provider: Provider;
  answer(request: IdentityRequest): Promise<IdentityAnswer>;
  /** Does something that needs a request of Node's own, for its cookies. */
  onRequest(
    request: IdentityRequest,
    use: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): Promise<void>;
};

/** @throws Failure unavailable when its keys cannot be read or kept */
export async function oidcServer(needs: IdentityNeeds, kept: Kept): Promise<OidcServer> {
  const pages = caughtPages();
  const issuer = needs.issuer();
  const provider = new Provider(
    issuer,
    oidcConfiguration(needs, kept, { keys: await oidcKeys(kept), pages }),
  );
  // What a connection would tell stands in headers that are set here.
  provider.proxy = true;
  provider.silent = true;
  provider.on("server_error", (ctx: { readonly path: string }, error: Error) =>
    needs.log(`oauth ${ctx.path}: ${error.stack ?? error.message}`),
  );
  provider.on("registration_create.success", (ctx, { clientId, clientName = clientId }) =>
    needs.accepted({ id: clientId, name: clientName, from: "registered" }, ctx.ip),
  );
  const callback = provider.callback();
  const injected = (request: IdentityRequest) => injection(new URL(issuer), request);
  return {
    provider,
    async answer(request) {
      let seen: IncomingMessage | undefined;
      const { statusCode, headers, payload } = await inject((incoming, response) => {
        seen = incoming;
        void callback(incoming, response);
      }, injected(request));
      const page = pages.of(seen);
      const body = page === null ? payload : null;
      return { status: statusCode, headers: keptHeaders(headers), body, page };
    },
    async onRequest(request, use) {
      const result = Promise.withResolvers<void>();
      await inject(
        (incoming, response) => {
          const end = () => void response.end();
          result.resolve(use(incoming, response));
          result.promise.then(end, end);
        },
        injected({ ...request, method: "GET", body: Buffer.alloc(0) }),
      );
      return result.promise;
    },
  };
}

function injection(issuer: URL, { method, target, headers, body, remoteAddress }: IdentityRequest) {
  const fields: Record<string, string> = {};
  // Whom it was forwarded for or to is not for the sender to say.
  for (const [name, value] of headers)
    if (!/^(x-)?forwarded/i.test(name)) fields[name.toLowerCase()] ??= value;
  const given = {
    host: issuer.host,
    "x-forwarded-proto": issuer.protocol.slice(0, -1),
    "x-forwarded-for": remoteAddress,
    "content-length": String(body.length),
  };
  const payload = body.length === 0 ? {} : { payload: Buffer.from(body) };
  return { method, url: target, remoteAddress, headers: { ...fields, ...given }, ...payload };
}

/** Framing is set anew, by the listener. */
const framing: ReadonlySet<string> = new Set(["content-length", "connection", "date", "transfer-encoding"]);

function keptHeaders(headers: Readonly<Record<string, number | string | string[] | undefined>>) {
  const kept: Record<string, string | readonly string[]> = { "x-content-type-options": "nosniff" };
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || framing.has(name)) continue;
    kept[name] = typeof value === "number" ? String(value) : value;
  }
  if (String(kept["content-type"]).startsWith("text/html")) {
    kept["x-frame-options"] = "DENY";
    kept["content-security-policy"] = "frame-ancestors 'none'";
  }
  return kept;
}
