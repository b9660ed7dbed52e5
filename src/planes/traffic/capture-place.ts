import type { RawRequest } from "../../engines/inbound/inbound.ts";
import { Failure } from "../../kernel/failure.ts";
import { may, mayReach, type Principal, type Scope } from "../../kernel/principal.ts";
import { credentialsOf } from "../../registry/credentials.ts";
import type { Capture } from "./capture.ts";
import type { Place } from "./live-places.ts";

/** What it takes to send captured traffic. */
const captureScope: Scope = "traffic:capture";

/** Who sends, and where to as far as the request itself says. */
export type Sender = {
  readonly principal: Principal;
  readonly workspace: string;
  readonly environment: string | undefined;
  readonly bucket: string;
};

/** @throws Failure unauthenticated, forbidden, invalid where it takes a header to tell the workspace */
export async function captureSender(
  request: RawRequest,
  { authenticate }: Pick<Capture, "authenticate">,
): Promise<Sender> {
  const { method, remoteAddress } = request;
  const principal = await authenticate(
    // Whoever is logged in at the command line has a token for the API, of which this is a part.
    credentialsOf((name) => request.header(name), { method, resource: "/api/v1", remoteAddress }),
  );
  const workspace = workspaceOf([...principal.workspaces.keys()], request.header("x-sluice-workspace"));
  if (!may(principal, captureScope, workspace))
    throw new Failure("forbidden", `Sending captured traffic needs the scope ${captureScope}.`, {
      scope: captureScope,
    });
  const { buckets = [] } = principal.confines;
  return {
    principal,
    workspace,
    environment: request.header("x-sluice-environment"),
    bucket: request.header("x-sluice-bucket") ?? (buckets.length === 1 ? buckets[0] : undefined) ?? "default",
  };
}

/** The place of that name that the sender reaches; undefined = there is none. @throws Failure unavailable */
export async function reachedPlace(
  { principal, workspace, bucket }: Sender,
  environment: string,
  { places }: Pick<Capture, "places">,
): Promise<Place | undefined> {
  if (!mayReach(principal, { environment, bucket })) return undefined;
  return places.find(workspace, environment, bucket);
}

/** Where a sender's records belong unless they say more. @throws Failure invalid for a place that is not there, unavailable */
export async function placeOfSender(sender: Sender, capture: Pick<Capture, "places">): Promise<Place> {
  const { environment, principal } = sender;
  const name = environment ?? principal.confines.environment ?? "production";
  const place = await reachedPlace(sender, name, capture);
  if (place !== undefined) return place;
  throw new Failure("invalid", "There is no such bucket in this environment.", {
    hint: "Say where by X-Sluice-Environment and X-Sluice-Bucket (SLUICE_ENVIRONMENT and SLUICE_BUCKET of the agent): list_buckets shows those there are.",
  });
}

/**
 * Where the sender's records belong: its credential says which workspace, its headers which environment and bucket.
 *
 * @throws Failure unauthenticated, forbidden, invalid for a place that is not there, unavailable
 */
export async function capturePlace(
  request: RawRequest,
  capture: Pick<Capture, "authenticate" | "places">,
): Promise<Place> {
  return placeOfSender(await captureSender(request, capture), capture);
}

function workspaceOf(reachable: readonly string[], asked: string | undefined): string {
  const [only, ...more] = reachable;
  if (asked !== undefined && reachable.includes(asked)) return asked;
  if (asked === undefined && only !== undefined && more.length === 0) return only;
  throw new Failure("invalid", "Say which workspace by X-Sluice-Workspace.", { allowed: reachable });
}
