import type { IdentityAnswer, IdentityRequest } from "./identity.ts";
import { base, sessionCookie, type LimitedUse, type OidcNeeds } from "./oidc-settings.ts";
import { registrationBytesMax, registrationOf } from "./registration.ts";

/** A request as oidc-provider is to see it, or what is answered in its place. */
export type Prepared =
  | { readonly kind: "passed"; readonly request: IdentityRequest }
  | { readonly kind: "answered"; readonly answer: IdentityAnswer };

/** By method and path. */
const limited: Readonly<Record<string, LimitedUse>> = {
  [`POST ${base}/register`]: "register",
  [`GET ${base}/authorize`]: "authorize",
  [`POST ${base}/device/authorize`]: "authorize",
  [`POST ${base}/device`]: "device-code",
};

export async function preparedRequest(
  request: IdentityRequest,
  { may, scopes }: Pick<OidcNeeds, "may" | "scopes">,
): Promise<Prepared> {
  const [path = "", query = ""] = request.target.split("?", 2);
  const route = `${request.method} ${path}`;
  const use = limited[route];
  if (use !== undefined && !(await may(use, request.remoteAddress)))
    return refused(
      429,
      "temporarily_unavailable",
      "Too many requests from this address. Wait, then try again.",
    );
  if (use === "register") return registration(request);
  const asked = withScope(request, route, query, scopes);
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
  scopes: readonly string[],
): IdentityRequest {
  if (route === `GET ${base}/device`) return { ...request, target: `${base}/device` };
  if (route === `GET ${base}/authorize`)
    return { ...request, target: `${base}/authorize?${scoped(query, scopes)}` };
  if (route !== `POST ${base}/device/authorize`) return request;
  return { ...request, body: Buffer.from(scoped(Buffer.from(request.body).toString("utf8"), scopes)) };
}

function scoped(form: string, scopes: readonly string[]): string {
  const params = new URLSearchParams(form);
  const asked = params.get("scope")?.split(" ").filter(Boolean) ?? [];
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
  const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
  const body = JSON.stringify({ error, error_description: description });
  return { kind: "answered", answer: { status, headers, body, page: null } };
}
