import type { IdentityRequest, Pending } from "../../../engines/identity/identity.ts";
import type { RawAnswer, RawRequest, RawRoute } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import type { Scopes } from "../../../kernel/principal.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { belongingsOf } from "../pages/belonging.ts";
import { failurePage } from "../pages/failure-page.ts";
import type { Own } from "../pages/own.ts";
import { onward, seeOther } from "../pages/page-frame.ts";
import { requireCsrf } from "../pages/foreign-form.ts";
import { notedPageRequest } from "../pages/noted-page-request.ts";
import type { Parts } from "../pages/parts.ts";
import { consentPage, scopeField } from "./consent-view.ts";
import { toolsAnswer, toolsQuestion } from "./shown-tools.ts";

const prefix = "/oauth/interaction/";
const closable = "You can close this window if nothing else happens.";

/** Who is asked, what, and what they answered. */
type Asked = Own & {
  readonly raw: IdentityRequest;
  readonly pending: Pending;
  /** What the person may do, by workspace. */
  readonly allowed: ReadonlyMap<string, Scopes>;
};

/** `/oauth/interaction/…`: a person who is signed in decides what a client may do for them. */
export function consentRoute(parts: Parts): RawRoute {
  async function answer(request: RawRequest): Promise<RawAnswer> {
    const page = await notedPageRequest(parts.note, request, {});
    const { method, target, headers, remoteAddress } = request;
    const raw = { method, target, headers, body: Buffer.alloc(0), remoteAddress };
    const pending = await parts.engines.identity.pending(raw);
    if (pending === undefined)
      throw new Failure("not_found", "This request is over, or another browser's.", {
        hint: "Start again from the client that you wanted to connect.",
      });
    const session = await parts.signedIn.of(page.cookie);
    const user = session && (await parts.people.byId(session.user));
    if (session === undefined || user === undefined)
      return seeOther(`/sign-in?next=${encodeURIComponent(prefix + pending.id)}`);
    const allowed = await parts.members.scopesOf(user.id);
    const asked = { raw, request: page, pending, session, user, allowed };
    if (allowed.size === 0)
      throw new Failure("forbidden", "You belong to no workspace that could be worked with.");
    return page.method === "GET" ? ask(parts, asked) : decide(parts, asked);
  }
  return {
    prefix,
    async handle(request) {
      try {
        return await answer(request);
      } catch (error) {
        if (error instanceof Failure) return failurePage(error);
        throw error;
      }
    },
  };
}

async function ask(parts: Parts, asked: Asked, failure?: Failure): Promise<RawAnswer> {
  const { pending, session, user, allowed } = asked;
  const { catalogue, identity } = parts.engines;
  const grants = await identity.grants({ account: user.id });
  const earlier = grants.filter(({ client }) => client.id === pending.client.id);
  const held = earlier.flatMap(({ scopes }) => scopes[pending.resource] ?? []);
  const possible = pending.scopes.filter((scope) => [...allowed.values()].some((it) => holds(it, scope)));
  return consentPage({
    pending,
    user,
    csrf: session.csrf,
    workspaces: await belongingsOf(parts, user.id),
    possible,
    catalogue,
    held: earlier.length === 0 ? null : new Set(held),
    tools: toolsQuestion(pending, earlier[0], catalogue),
    beyond: pending.scopes.length - possible.length,
    ...(failure !== undefined && { failure }),
  });
}

async function decide(parts: Parts, asked: Asked): Promise<RawAnswer> {
  const { request } = asked;
  try {
    requireCsrf(parts, asked);
    const decision = request.form("decision");
    if (decision === "approve") return await approve(parts, asked);
    if (decision === "refuse") return await refuse(parts, asked);
    throw new Failure("invalid", "Nothing was decided.", { hint: "Approve or refuse." });
  } catch (error) {
    if (error instanceof Failure) return ask(parts, asked, error);
    throw error;
  }
}

async function approve({ engines }: Parts, asked: Asked): Promise<RawAnswer> {
  const { raw, request, pending, user, allowed } = asked;
  const realm = request.form("workspace");
  const own = allowed.get(realm);
  if (own === undefined)
    throw new Failure("invalid", "You do not belong to that workspace.", { hint: "Choose one of yours." });
  const scopes = pending.scopes.filter(
    (scope) => request.form(scopeField(scope)) === "yes" && holds(own, scope),
  );
  if (scopes.length === 0)
    throw new Failure("invalid", "Nothing was chosen that you may do in that workspace.", {
      hint: "Choose something that it may do, or refuse.",
    });
  const shown = toolsAnswer(pending, request.form);
  const approved = await engines.identity.approve(raw, { account: user.id, realm, scopes, ...shown });
  if (approved === undefined) throw new Failure("conflict", "This was decided already.");
  await audit(engines, asked, {
    workspace: realm,
    operation: "connect_client",
    subjects: [approved.grant],
    detail: { scopes, resource: pending.resource, ...shown },
  });
  return onward(approved.next, {
    title: "Connected",
    text: `${pending.client.name} may now work with Sluice for you. ${closable}`,
  });
}

async function refuse({ engines }: Parts, asked: Asked): Promise<RawAnswer> {
  const { raw, pending } = asked;
  const next = await engines.identity.refuse(raw);
  if (next === undefined) throw new Failure("conflict", "This was decided already.");
  await audit(engines, asked, {
    workspace: serverScope,
    operation: "refuse_client",
    subjects: [],
    detail: {},
  });
  return onward(next, { title: "Refused", text: `${pending.client.name} was given nothing. ${closable}` });
}

type Audited = {
  readonly workspace: string;
  readonly operation: string;
  readonly subjects: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
};

async function audit(
  { store, clock }: Parts["engines"],
  { pending, user, request }: Asked,
  { subjects, detail, ...rest }: Audited,
): Promise<void> {
  const { id, name } = pending.client;
  await store.commit({
    ...rest,
    at: clock.now(),
    actor: { kind: "user", id: user.id },
    records: [],
    entries: [],
    outbox: [],
    audit: {
      id: newId("aud"),
      subjects: [...subjects, user.id],
      detail: { application: { id, name }, redirectUri: pending.redirectUri, ...detail, ...request.from },
    },
  });
}

function holds(scopes: Scopes, scope: string): boolean {
  return scopes === "all" || [...scopes].some((it) => it === scope);
}
