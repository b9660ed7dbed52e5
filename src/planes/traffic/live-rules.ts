import type { z } from "zod";
import type { Engines } from "../../registry/engines.ts";
import { liveRecords } from "../../registry/live-records.ts";
import type { Resource, Row } from "../../registry/resource.ts";
import { decodedRow, type Unit } from "../../registry/unit.ts";
import { workspace as workspaceResource } from "../../registry/workspace.ts";
import { fingerprint } from "../../kernel/secret.ts";
import { block } from "./rules/block.ts";
import { exclusion } from "./rules/exclusion.ts";
import { redaction } from "./rules/redaction.ts";
import { inForce, rulesMax } from "./rules/rule.ts";
import { sampling } from "./rules/sampling.ts";
import { readyOf, type Ready, type Rules } from "./rules-in-force.ts";
import type { TokenKeys } from "./token-keys.ts";

export type LiveRules = {
  /** @throws Failure unavailable */
  ready(workspace: string, environment: string): Promise<Ready>;
};

/** Every live rule in memory: changed by each commit of this process, by the store's feed for others. */
export async function liveRules(engines: Engines, keys: TokenKeys): Promise<LiveRules> {
  const made = new Map<string, Promise<Ready>>();
  const forget = (workspace: string): void => {
    for (const key of made.keys()) if (key.startsWith(`${workspace}/`)) made.delete(key);
  };
  const keepsDays = new Map<string, number>();
  await liveRecords(engines.store, workspaceResource.kind, (stored) => {
    keepsDays.set(stored.id, decodedRow(workspaceResource, stored).value.plan.retentionDays);
    forget(stored.id);
  });
  const [redactions, exclusions, samplings, blocks] = await Promise.all([
    liveKind(engines, redaction, forget),
    liveKind(engines, exclusion, forget),
    liveKind(engines, sampling, forget),
    liveKind(engines, block, forget),
  ]);
  const rulesOf = (workspace: string, environment: string): Rules =>
    revised({
      redactions: inForce(redactions(workspace), environment),
      exclusions: inForce(exclusions(workspace), environment),
      samplings: inForce(samplings(workspace), environment),
      blocks: inForce(blocks(workspace), environment),
    });
  // Of a workspace that another node made a moment ago nothing is refused for its age.
  const makeReady = async (workspace: string, environment: string): Promise<Ready> =>
    readyOf(
      rulesOf(workspace, environment),
      await keys.of(workspace, environment),
      keepsDays.get(workspace) ?? Infinity,
    );
  return {
    ready(workspace, environment) {
      const key = `${workspace}/${environment}`;
      const known = made.get(key) ?? makeReady(workspace, environment);
      made.set(key, known);
      known.catch(() => made.delete(key));
      return known;
    },
  };
}

/** The rules in force as a call sees them. */
export async function rulesSeen(unit: Unit, environment: string): Promise<Rules> {
  const [redactions, exclusions, samplings, blocks] = await Promise.all([
    unit.find(redaction, { limit: rulesMax }),
    unit.find(exclusion, { limit: rulesMax }),
    unit.find(sampling, { limit: rulesMax }),
    unit.find(block, { limit: rulesMax }),
  ]);
  return revised({
    redactions: inForce(listed(redactions), environment),
    exclusions: inForce(listed(exclusions), environment),
    samplings: inForce(listed(samplings), environment),
    blocks: inForce(listed(blocks), environment),
  });
}

function revised(rules: Omit<Rules, "revision">): Rules {
  return { ...rules, revision: fingerprint(JSON.stringify(rules)).slice(0, 16) };
}

/** Oldest first. */
function listed<S extends z.ZodObject>(
  rows: Iterable<Row<S>>,
): readonly (z.output<S> & { readonly id: string })[] {
  return [...rows]
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    .map(({ id, value }) => ({ ...value, id }));
}

async function liveKind<S extends z.ZodObject>(
  { store }: Pick<Engines, "store">,
  kind: Resource<S>,
  changed: (workspace: string) => void,
): Promise<(workspace: string) => Iterable<z.output<S> & { readonly id: string }>> {
  const rows = new Map<string, Map<string, Row<S>>>();
  await liveRecords(store, kind.kind, (stored) => {
    const within = rows.get(stored.workspace) ?? new Map<string, Row<S>>();
    rows.set(stored.workspace, within);
    if (stored.deletedAt === null) within.set(stored.id, decodedRow(kind, stored));
    else within.delete(stored.id);
    changed(stored.workspace);
  });
  return (workspace) => listed(rows.get(workspace)?.values() ?? []);
}
