import { accessTokens } from "./access-tokens.ts";
import { entryPlace } from "./entry-place.ts";
import { grantsIn } from "./grants.ts";
import {
  grantDays,
  type Identity,
  type IdentityAnswer,
  type IdentityNeeds,
  type IdentityRequest,
} from "./identity.ts";
import { keepClient, type Kept } from "./oidc-adapter.ts";
import { preparedRequest } from "./oidc-request.ts";
import { oidcServer, type OidcServer } from "./oidc-server.ts";
import { base } from "./oidc-settings.ts";
import { undecided, type Undecided } from "./undecided.ts";
import { partsOf } from "../../kernel/target.ts";

const paths = [`${base}/`, "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
const userCodeCharactersMax = 20;
const dayMs = 24 * 60 * 60 * 1_000;

/** oidc-provider behind the interface. It is made when it is first asked: the issuer is known by then. */
export function oidcIdentity(needs: IdentityNeeds): Identity {
  const { store, workspace, vault, clock } = needs;
  const place = entryPlace(store, workspace, clock);
  const grants = grantsIn(place, clock);
  const findToken = accessTokens(place, grants, clock);
  const kept: Kept = { place, grants, clock, vault, ended: needs.ended };
  let made: Promise<OidcServer> | undefined;

  async function server(): Promise<OidcServer> {
    made ??= oidcServer(needs, kept).catch((error: unknown) => {
      // The store could not be used: the next request tries again.
      made = undefined;
      throw error;
    });
    return made;
  }

  return {
    paths,
    async handle(request) {
      const prepared = await preparedRequest(request, needs);
      if (prepared.kind === "answered") return prepared.answer;
      const answer = await (await server()).answer(prepared.request);
      return prefilled(answer, request.target);
    },
    ...deciding(needs, kept, server),
    token: findToken,
    grant: grants.get,
    grants: grants.list,
    show: grants.show,
    async revoke(grant) {
      await grants.revoke(grant);
    },
  };
}

/** A link with the code in it fills the field in: the person still has to send it. */
function prefilled(answer: IdentityAnswer, target: string): IdentityAnswer {
  if (answer.page?.kind !== "user-code") return answer;
  const userCode = new URLSearchParams(partsOf(target).query).get("user_code") ?? "";
  return { ...answer, page: { ...answer.page, userCode: userCode.slice(0, userCodeCharactersMax) } };
}

function deciding(
  needs: IdentityNeeds,
  kept: Kept,
  server: () => Promise<OidcServer>,
): Pick<Identity, "pending" | "approve" | "refuse"> {
  const { grants, clock } = kept;

  async function decided<T>(
    request: IdentityRequest,
    decide: (it: Undecided) => Promise<T>,
  ): Promise<T | undefined> {
    let result: T | undefined;
    const { provider, onRequest } = await server();
    await onRequest(request, async (incoming, response) => {
      const it = await undecided(provider, needs, { incoming, response });
      if (it !== undefined) result = await decide(it);
    });
    return result;
  }

  return {
    pending: (request) => decided(request, async ({ pending }) => pending),
    approve: (request, approval) =>
      decided(request, async ({ pending, resume }) => {
        const scopes = pending.scopes.filter((scope) => approval.scopes.includes(scope));
        if (scopes.length === 0) return undefined;
        const grant = await grants.approve(pending.client, { ...approval, scopes }, pending.resource);
        await keepClient(kept, pending.client.id, clock.now() + (grantDays + 1) * dayMs);
        const next = await resume({
          login: { accountId: approval.account, remember: false },
          consent: { grantId: grant },
        });
        return { next, grant };
      }),
    refuse: (request) =>
      decided(request, ({ resume }) =>
        resume({ error: "access_denied", error_description: "The person refused." }),
      ),
  };
}
