import type { Federation } from "../../../engines/federation/federation.ts";
import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import {
  callbackPath,
  endJourney,
  externalPath,
  journeyCookie,
  journeyOver,
} from "../people/external-journey.ts";
import { personOf } from "../people/external-person.ts";
import type { LiveInvitations } from "../people/live-invitations.ts";
import { homePath, ownPath } from "../people/own-path.ts";
import { begin } from "./begin.ts";
import { requireOwnForm } from "./guest-form.ts";
import { onward, seeOther } from "./page-frame.ts";
import type { PageRequest } from "./page-request.ts";
import type { PageAt } from "./page-route.ts";
import type { Parts } from "./parts.ts";
import { signInForm } from "./sign-in-view.ts";

const minuteMs = 60_000;
/** Steps of signing in from one address, and from all: each may ask the provider something. */
const stepsOfOne = 120;
const stepsOfAll = 600;

/** `/sign-in/external` leads to the OpenID provider, and `/sign-in/external/callback` is where it leads back to. */
export function externalPages(
  parts: Parts,
  federation: Federation,
  invitationsOf: LiveInvitations,
): readonly PageAt[] {
  const { engines, signedIn } = parts;

  async function depart(request: PageRequest, next: string): Promise<RawAnswer> {
    requireOwnForm(parts, request);
    await countStep(parts, request);
    const { to, departure } = await federation.depart();
    const cookie = journeyCookie(engines, { issuer: federation.issuer, departure, next });
    return onward(to, {
      title: "Signing in",
      text: `You sign in at ${federation.name}, and come back here.`,
      cookies: [cookie],
    });
  }

  async function arrive(request: PageRequest): Promise<RawAnswer> {
    const { cookie, query } = request;
    await countStep(parts, request);
    const state = query.get("state") ?? undefined;
    const journey = await endJourney(engines, { cookie, state, issuer: federation.issuer });
    try {
      const vouched = await federation.arrive(query.toString(), journey.departure);
      const { user, isNew } = await personOf({ engines, signedIn, invitationsOf }, vouched);
      // Who is new has accepted the invitation that they may have come from.
      const next = isNew ? null : journey.next;
      const cookies = [journeyOver(engines)];
      return await begin(parts, request, { user: user.id, how: "external", next, cookies });
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      noteRefusal(parts, request, failure);
      return signInForm(engines, request, { next: journey.next, failure, cookies: [journeyOver(engines)] });
    }
  }

  return [
    {
      path: externalPath,
      async answer(request) {
        if (request.method === "GET") return seeOther("/sign-in");
        const next = ownPath(request.form("next"), engines.settings.publicUrl);
        return orFailure(parts, request, next, () => depart(request, next));
      },
    },
    {
      path: callbackPath,
      answer: (request) => orFailure(parts, request, homePath, () => noted(parts, request, arrive)),
    },
  ];
}

async function noted(
  parts: Parts,
  request: PageRequest,
  answer: (request: PageRequest) => Promise<RawAnswer>,
): Promise<RawAnswer> {
  try {
    return await answer(request);
  } catch (failure) {
    if (failure instanceof Failure) noteRefusal(parts, request, failure);
    throw failure;
  }
}

/** That the provider or the store cannot be reached is nobody's attempt. */
function noteRefusal({ note }: Parts, { from }: PageRequest, { kind }: Failure): void {
  if (kind === "unavailable") return;
  note({ operation: "external_sign_in_refused", reason: kind, remoteAddress: from.remoteAddress });
}

/** What went wrong stands above the other ways to sign in. */
async function orFailure(
  { engines }: Parts,
  request: PageRequest,
  next: string,
  answer: () => Promise<RawAnswer>,
): Promise<RawAnswer> {
  try {
    return await answer();
  } catch (failure) {
    if (failure instanceof Failure) return signInForm(engines, request, { next, failure });
    throw failure;
  }
}

/** @throws Failure limited */
async function countStep({ engines }: Parts, { from }: PageRequest): Promise<void> {
  const { counters, clock } = engines;
  const own = await counters.hit(`sign-in/external/${from.remoteAddress}`, stepsOfOne, minuteMs);
  // Who is over their own limit must not use up what others have.
  const all = own.allowed ? await counters.hit("sign-in/external", stepsOfAll, minuteMs) : own;
  if (all.allowed) return;
  throw new Failure("limited", "There were too many attempts to sign in by the OpenID provider.", {
    retryAfterMs: Math.max(1, all.resetAt - clock.now()),
    hint: "Wait a little, or sign in otherwise.",
  });
}
