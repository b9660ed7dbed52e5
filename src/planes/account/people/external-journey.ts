import { z } from "zod";
import type { Departure } from "../../../engines/federation/federation.ts";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import { fingerprint, Secret, sameBytes } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { cookieOf, setCookie } from "./cookie.ts";

/** Where a browser begins to sign in by the OpenID provider, and where it comes back to. */
export const externalPath = "/sign-in/external";
export const callbackPath = `${externalPath}/callback`;

/** Time to sign in at the provider, perhaps with a second factor that has to be found first. */
const journeyMs = 15 * 60_000;
const cookieName = "sluice_external";
const owner = `${serverScope}/external_sign_in`;
const usedCollection = "external_sign_in";

const Journey = z.object({
  issuer: z.string(),
  departure: z.object({ state: z.string(), nonce: z.string(), verifier: z.string() }),
  next: z.string(),
  expiresAt: z.int(),
});

type Needed = Pick<Engines, "store" | "vault" | "clock" | "settings">;

/** Which provider a browser was sent to, with what, and where the person wants to go afterwards. */
export type Journey = {
  readonly issuer: string;
  readonly departure: Departure;
  readonly next: string;
};

/** The value of a `Set-Cookie` header: what is known of a browser that is away, sealed, so that guests fill no store. */
export function journeyCookie({ vault, clock, settings }: Needed, journey: Journey): string {
  const text = JSON.stringify({ ...journey, expiresAt: clock.now() + journeyMs });
  return setCookie(cookieName, vault.seal(new Secret(text), owner), {
    secure: isSecure(settings),
    maxAgeMs: journeyMs,
  });
}

/** The value of a `Set-Cookie` header that makes the browser forget its journey. */
export function journeyOver({ settings }: Pick<Needed, "settings">): string {
  return setCookie(cookieName, "", { secure: isSecure(settings), maxAgeMs: 0 });
}

/**
 * The journey that this browser comes back from, which is over with that: of two who come back from the same one, one is
 * refused.
 *
 * @throws Failure unauthenticated when it is another browser's, too old, to another provider, or over
 */
export async function endJourney(
  { store, vault, clock, settings }: Needed,
  { cookie, state, issuer }: Record<"cookie" | "state", string | undefined> & { readonly issuer: string },
): Promise<Journey> {
  const journey = opened(vault, cookieOf(cookieName, cookie, isSecure(settings)));
  const at = clock.now();
  const own =
    journey !== undefined &&
    journey.expiresAt > at &&
    journey.issuer === issuer &&
    sameBytes(Buffer.from(journey.departure.state), Buffer.from(state ?? ""));
  if (!own) throw over();
  try {
    await store.commit({
      workspace: serverScope,
      at,
      actor: { kind: "system", id: "sign-in" },
      operation: "sign_in_external",
      records: [],
      entries: [
        {
          collection: usedCollection,
          key: fingerprint(journey.departure.state),
          value: { id: newId("use") },
          expiresAt: journey.expiresAt,
          mustBeNew: true,
        },
      ],
      outbox: [],
      audit: null,
    });
  } catch (error) {
    throw error instanceof Failure && error.kind === "conflict" ? over() : error;
  }
  return journey;
}

function opened(vault: Needed["vault"], sealed: string | undefined): z.output<typeof Journey> | undefined {
  if (sealed === undefined) return undefined;
  try {
    return Journey.parse(JSON.parse(vault.open(sealed, owner).reveal()));
  } catch {
    // Somebody else's text, or sealed with a key that is gone.
    return undefined;
  }
}

function isSecure({ publicUrl }: Needed["settings"]): boolean {
  return publicUrl.startsWith("https://");
}

function over(): Failure {
  return new Failure(
    "unauthenticated",
    "This sign-in was begun in another browser, took too long, or is over.",
    { hint: "Start again." },
  );
}
