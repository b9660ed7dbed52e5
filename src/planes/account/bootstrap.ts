import { Failure } from "../../kernel/failure.ts";
import { newId } from "../../kernel/id.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Engines } from "../../registry/engines.ts";
import { firstPlaces } from "../../registry/environment.ts";
import { plainChange } from "../../registry/plain-change.ts";
import { unitOfWork } from "../../registry/unit.ts";
import { selfHosted, workspace } from "../../registry/workspace.ts";
import { credential, keptOf, newSecret } from "./credentials/credential.ts";
import { usualToolsets } from "./credentials/credential-form.ts";
import { firstUser } from "./people/owner.ts";

export type FirstStart = {
  readonly workspace: string;
  readonly key: Secret;
  /** The operator chose the key: it is not to be printed. */
  readonly given: boolean;
};

/** Ids are unique across workspaces: of processes that start at once on an empty store, one makes this record. */
const firstStart = { kind: "first_start", id: "first_start" };

/**
 * On an empty store: a workspace `default` with its environments and one API key, in one commit. Answers the key, which is not
 * to be had again, or undefined when the store was set up before, or by another process at the same moment.
 */
export async function bootstrap(
  engines: Pick<Engines, "store" | "vault" | "clock">,
  given: Secret | undefined,
): Promise<FirstStart | undefined> {
  const existing = await engines.store.records.every(workspace.kind, { limit: 1 });
  if (existing.length > 0) return undefined;
  const at = engines.clock.now();
  const id = newId(workspace.prefix);
  const unit = unitOfWork(id, at, engines);
  const key = given ?? newSecret("api-key");
  unit.create(credential, {
    kind: "api-key",
    name: "first key",
    owner: firstUser,
    ...keptOf(key),
    scopes: null,
    environment: null,
    buckets: null,
    toolsets: [...usualToolsets["api-key"]],
    expiresAt: null,
    revokedAt: null,
  });
  const { changes, ...written } = unit.written();
  try {
    await engines.store.commit({
      ...written,
      workspace: id,
      at,
      actor: { kind: "system", id: "first-start" },
      operation: "first_start",
      records: [
        ...written.records,
        plainChange({ kind: workspace.kind, id, value: { name: "default", plan: selfHosted } }),
        ...firstPlaces(),
        plainChange(firstStart),
      ],
      audit: { id: newId("aud"), subjects: [id, ...changes.map((change) => change.id)], detail: {} },
    });
  } catch (error) {
    if (error instanceof Failure && error.kind === "conflict") return undefined;
    throw error;
  }
  return { workspace: id, key, given: given !== undefined };
}
