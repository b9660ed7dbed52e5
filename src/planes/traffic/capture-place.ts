import type { RawRequest } from "../../engines/inbound/inbound.ts";
import { Failure } from "../../kernel/failure.ts";
import { may, mayReach, type Scope } from "../../kernel/principal.ts";
import { credentialsOf } from "../../registry/credentials.ts";
import type { Capture } from "./capture.ts";
import type { Place } from "./live-places.ts";

/** What it takes to send captured traffic. */
export const captureScope: Scope = "traffic:capture";

/**
 * Where the sender's records belong: its credential says which workspace, its headers which environment and bucket.
 *
 * @throws Failure unauthenticated, forbidden, invalid for a place that is not there, unavailable
 */
export async function capturePlace(
  request: RawRequest,
  { authenticate, places }: Pick<Capture, "authenticate" | "places">,
): Promise<Place> {
  const { method, remoteAddress } = request;
  const principal = await authenticate(
    credentialsOf((name) => request.header(name), { method, resource: "/capture/v1", remoteAddress }),
  );
  const workspace = workspaceOf([...principal.workspaces.keys()], request.header("x-sluice-workspace"));
  if (!may(principal, captureScope, workspace))
    throw new Failure("forbidden", `Sending captured traffic needs the scope ${captureScope}.`, {
      scope: captureScope,
    });
  const { environment: own, buckets = [] } = principal.confines;
  const environment = request.header("x-sluice-environment") ?? own ?? "production";
  const bucket =
    request.header("x-sluice-bucket") ?? (buckets.length === 1 ? buckets[0] : undefined) ?? "default";
  const place = mayReach(principal, { environment, bucket })
    ? await places.find(workspace, environment, bucket)
    : undefined;
  if (place !== undefined) return place;
  throw new Failure("invalid", "There is no such bucket in this environment.", {
    hint: "Say where by X-Sluice-Environment and X-Sluice-Bucket (SLUICE_ENVIRONMENT and SLUICE_BUCKET of the agent): list_buckets shows those there are.",
  });
}

function workspaceOf(reachable: readonly string[], asked: string | undefined): string {
  const [only, ...more] = reachable;
  if (asked !== undefined && reachable.includes(asked)) return asked;
  if (asked === undefined && only !== undefined && more.length === 0) return only;
  throw new Failure("invalid", "Say which workspace by X-Sluice-Workspace.", { allowed: reachable });
}
