import type { IdentityAnswer } from "../../../engines/identity/identity.ts";
import type { BodyProblem, RawAnswer, RawRequest, RawRoute } from "../../../engines/inbound/inbound.ts";
import type { Parts } from "../pages/parts.ts";
import { consentRoute } from "./consent.ts";
import { identityPage } from "./identity-page.ts";
import { protectedResourceRoutes } from "./protected-resource.ts";

/** More than any request of a client has. */
const bodyBytesMax = 32 * 1024;

/** Everything of OAuth: what clients ask, what people are asked, and what tokens are for. */
export function oauthRoutes(parts: Parts): readonly RawRoute[] {
  const { identity } = parts.engines;

  async function handle(request: RawRequest): Promise<RawAnswer> {
    const { method, target, headers, remoteAddress } = request;
    const body = await request.body(bodyBytesMax);
    if (body.kind !== "whole") return incomplete(body.kind);
    return rendered(await identity.handle({ method, target, headers, body: body.bytes, remoteAddress }));
  }

  return [
    consentRoute(parts),
    ...protectedResourceRoutes(parts.engines),
    ...identity.paths.map((prefix) => ({ prefix, handle })),
  ];
}

function rendered({ status, headers, body, page }: IdentityAnswer): RawAnswer {
  if (page === null) return { status, headers, body: body ?? "" };
  const own = identityPage(page);
  return { status, headers: { ...headers, ...own.headers }, body: own.body };
}

const problems: Readonly<Record<BodyProblem, readonly [status: number, description: string]>> = {
  too_large: [413, `The body is larger than ${bodyBytesMax} bytes.`],
  slow: [408, "The body did not arrive in time."],
  busy: [503, "Too much is being received at the moment."],
  broken: [400, "The body did not arrive whole."],
};

function incomplete(problem: BodyProblem): RawAnswer {
  const [status, description] = problems[problem];
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: "invalid_request", error_description: description }),
  };
}
