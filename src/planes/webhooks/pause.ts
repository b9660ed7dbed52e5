import { newId } from "../../kernel/id.ts";
import type { Engines } from "../../registry/engines.ts";
import { unitOfWork } from "../../registry/unit.ts";
import { endpoint } from "./endpoint.ts";
import type { LiveEndpoint } from "./live-endpoints.ts";

/** Pauses an endpoint on its target's behalf: it goes on accepting, and holds what it accepts. */
export async function pauseEndpoint(
  { id, workspace }: LiveEndpoint,
  because: string,
  engines: Engines,
): Promise<void> {
  const at = engines.clock.now();
  const unit = unitOfWork(workspace, at, engines);
  const row = await unit.get(endpoint, id);
  if (row === undefined || !row.value.isActive) return;
  unit.update(endpoint, row, { ...row.value, isActive: false, pausedBecause: because });
  await engines.traffic.queue.hold(id, Infinity);
  const { changes, ...written } = unit.written();
  await engines.store.commit({
    ...written,
    workspace,
    at,
    actor: { kind: "system", id: "delivery" },
    operation: "pause_endpoint",
    audit: { id: newId("aud"), subjects: changes.map((change) => change.id), detail: { because } },
  });
}
