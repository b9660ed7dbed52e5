import { answerConformance } from "./answer-conformance.ts";
import { connectionConformance } from "./connection-conformance.ts";
import type { OpenOutbound, World } from "./conformance-world.ts";
import { afterwards } from "./fault-target.ts";
import { guardConformance } from "./guard-conformance.ts";
import type { Outbound } from "./outbound.ts";
import { ownListeners } from "./own-listeners.ts";

/** Every promise of `Outbound`. `tls` is a certificate for 127.0.0.1 and hooks.fake-target.dev, and its authority. */
export function outboundConformance(
  name: string,
  open: (world: World) => Outbound,
  tls: { readonly key: string; readonly cert: string; readonly ca: string },
): void {
  const opened: OpenOutbound = (t, world = {}) => {
    const outbound = open({ allow: "", own: ownListeners(), lookup: () => Promise.resolve([]), ...world });
    afterwards(t, () => outbound.close());
    return outbound;
  };
  guardConformance(name, opened);
  answerConformance(name, opened);
  connectionConformance(name, opened, tls);
}
