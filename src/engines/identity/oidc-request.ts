import type { IdentityAnswer, IdentityNeeds, IdentityRequest, LimitedUse } from "./identity.ts";
import { base, sessionCookie } from "./oidc-settings.ts";
import { registrationBytesMax, registrationOf } from "./registration.ts";
import { partsOf } from "../../kernel/target.ts";

/** A request as oidc-provider is to see it, or what is answered in its place. */
export type Prepared =
  | { readonly kind: "passed"; readonly request: IdentityRequest }
  | { readonly kind: "answered"; readonly answer: IdentityAnswer };

/** For the registration alone: what it answers is told to whoever asks. */
export const openToPages = { "access-control-allow-origin": "*" };

/** By method and path. */
const limited: Readonly<Record<string, LimitedUse>> = {
  [`POST ${base}/register`]: "register",
  [`GET ${base}/authorize`]: "authorize",
  [`POST ${base}/device/authorize`]: "authorize",
  [`POST ${base}/device`]: "device-code",
};

export async function preparedRequest(
  request: IdentityRequest,
  needs: Pick<IdentityNeeds, "may" | "resources" | "issuer">,
): Promise<Prepared> {
  const { path, query } = partsOf(request.target);
  const route = `${request.method} ${path}`;
  const use = limited[route];
  if (use !== undefined && !(await needs.may(use, request.remoteAddress)))
    return refused(
      429,
      "temporarily_unavailable",
      "Too many requests from this address. Wait, then try again.",
    );
  if (use === "register") return registration(request);
  if (route === `OPTIONS ${base}/register`) return preflight;
  const asked = withScope(request, route, query, needs);
  // What signed a browser in is the cookie of whoever uses this: of an earlier request nothing may linger.
  if (route === `POST ${base}/device`) return passed(asked);
  const clean = without(asked, sessionCookie);
  return passed(isPage(route) ? clean : answeredInJson(clean));
}

/** Everything else is asked by programs, which cannot read a page. */
function isPage(route: string): boolean {
  return /^GET \/oauth\/(authorize|device)(\/|$)/.test(route);
}

function answeredInJson(request: IdentityRequest): IdentityRequest {
  const others = request.headers.filter(([name]) => name.toLowerCase() !== "accept");
  return { ...request, headers: [...others, ["accept", "application/json"]] };
}

/** Browsers ask before a page of another site registers itself, which anybody may. */
const preflight: Prepared = {
  kind: "answered",
  answer: {
    status: 204,
    headers: {
      ...openToPages,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type",
      "access-control-max-age": "3600",
    },
    body: "",
    page: null,
  },
};

function registration(request: IdentityRequest): Prepared {
  if (request.body.length > registrationBytesMax)
    return refused(
      413,
      "invalid_client_metadata",
      `A registration has at most ${registrationBytesMax} bytes.`,
    );
  const it = registrationOf(request.body);
  if (it.kind === "refused") return refused(400, it.error, it.description);
  return passed({ ...request, body: Buffer.from(it.body) });
}

/** Whoever names no scope that there is means all of them, of which the person chooses. */
function withScope(
  request: IdentityRequest,
  route: string,
  query: string,
  needs: Pick<IdentityNeeds, "resources" | "issuer">,
): IdentityRequest {
  if (route === `GET ${base}/device`) return { ...request, target: `${base}/device` };
  if (route === `GET ${base}/authorize`)
    return { ...request, target: `${base}/authorize?${scoped(query, needs)}` };
  if (route !== `POST ${base}/device/authorize`) return request;
  return { ...request, body: Buffer.from(scoped(Buffer.from(request.body).toString("utf8"), needs)) };
}

function scoped(form: string, { resources, issuer }: Pick<IdentityNeeds, "resources" | "issuer">): string {
  const params = new URLSearchParams(form);
  const asked = params.get("scope")?.split(" ").filter(Boolean) ?? [];
  const at = params.get("resource");
  const { scopes = [] } = resources.find(({ path }) => at === null || at === issuer() + path) ?? {};
  if (!asked.some((scope) => scopes.includes(scope))) params.set("scope", [...asked, ...scopes].join(" "));
  return params.toString();
}

function without(request: IdentityRequest, cookie: string): IdentityRequest {
  const headers = request.headers.map(([name, value]): readonly [string, string] => {
    if (name.toLowerCase() !== "cookie") return [name, value];
    const others = value.split(";").filter((pair) => !new RegExp(`^\\s*${cookie}(\\.sig)?=`).test(pair));
    return [name, others.join(";")];
  });
  return { ...request, headers };
}

function passed(request: IdentityRequest): Prepared {
  return { kind: "passed", request };
}

function refused(status: number, error: string, description: string): Prepared {
  const headers = {
    ...openToPages,
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  };
  const body = JSON.stringify({ error, error_description: description });
  return { kind: "answered", answer: { status, headers, body, page: null } };
}
