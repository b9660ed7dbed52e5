import { hash } from "node:crypto";
import { z } from "zod";
import type { EntryChange, Store } from "../../../engines/store/store.ts";
import { decodedRow } from "../../../registry/unit.ts";
import type { Row } from "../../../registry/resource.ts";
import { arranged, keyOf } from "./bucket-routes.ts";
import { Drift } from "./drift.ts";
import { routeTemplate, templatesMax } from "./route-template.ts";
import { SeenRoute } from "./seen-route.ts";
import { templatesOf, type Templates } from "./templates.ts";

/** Routes of one bucket. */
export const routesMax = 600;
/** A route that was not seen for so long is forgotten, and so is what changed. */
const keptMs = 90 * 86_400_000;
const foreverMs = 400 * 86_400_000;
/** Changes of one bucket that can be read back: the newest. */
const driftsMax = 1_000;
const timeMax = 9_999_999_999_999;

/** What is known of one bucket, its routes as its templates have them. */
export type KeptCatalogue = {
  /** The routes as they are stored. */
  readonly stored: ReadonlyMap<string, SeenRoute>;
  readonly routes: ReadonlyMap<string, SeenRoute>;
  readonly templates: Templates;
  readonly records: readonly Row<(typeof routeTemplate)["shape"]>[];
};

export async function keptCatalogue(store: Store, workspace: string, bucket: string): Promise<KeptCatalogue> {
  const [entries, stored] = await Promise.all([
    store.entries.list(workspace, routesOf(bucket), 1_000),
    store.records.find(workspace, routeTemplate.kind, { where: { bucket }, limit: templatesMax }),
  ]);
  const records = stored.map((it) => decodedRow(routeTemplate, it));
  const templates = templatesOf(records.map(({ value }) => value));
  // What another version of the server wrote is found out again.
  const routes = entries.flatMap(({ value }) => SeenRoute.safeParse(value).data ?? []);
  return {
    stored: new Map(routes.map((it) => [keyOf(it), it])),
    routes: arranged(routes, templates),
    templates,
    records,
  };
}

/** The same for a route as long as its method and template stay. */
export function routeIdOf(route: Pick<SeenRoute, "method" | "template">): string {
  return `rt_${digestOf(keyOf(route))}`;
}

/** The newest first, with keys in the same order. */
export async function keptDrift(
  store: Store,
  workspace: string,
  bucket: string,
): Promise<readonly (Drift & { readonly key: string })[]> {
  const entries = await store.entries.list(workspace, driftOf(bucket), driftsMax);
  return entries.flatMap(({ key, value }) => {
    const drift = Drift.safeParse(value).data;
    return drift === undefined ? [] : [{ ...drift, key }];
  });
}

/** What makes of the entries of a bucket what is known now. */
export function routeChanges(
  bucket: string,
  stored: ReadonlyMap<string, SeenRoute>,
  routes: ReadonlyMap<string, SeenRoute>,
): readonly EntryChange[] {
  const collection = routesOf(bucket);
  const gone = [...stored.keys()].filter((key) => !routes.has(key));
  const changed = [...routes].filter(([key, route]) => stored.get(key) !== route);
  return [
    ...gone.map((key) => ({ collection, key: digestOf(key), value: null, expiresAt: 0, mustBeNew: false })),
    ...changed.map(([key, route]) => ({
      collection,
      key: digestOf(key),
      value: route,
      expiresAt: route.seenAt + keptMs,
      mustBeNew: false,
    })),
  ];
}

export function driftChanges(bucket: string, drifts: readonly Drift[]): readonly EntryChange[] {
  return drifts.map((drift) => {
    const { at, kind, where, example } = drift;
    const digest = digestOf(`${kind} ${where} ${example} ${keyOf(drift)}`);
    // In the order of keys the newest are the first.
    const key = `${String(timeMax - at).padStart(13, "0")} ${digest}`;
    return { collection: driftOf(bucket), key, value: drift, expiresAt: at + keptMs, mustBeNew: false };
  });
}

const Position = z.object({ position: z.int() });
const positions = { collection: "catalogue", key: "position" };

/** Up to where a workspace's exchanges were looked at, in the order of their commits. */
export async function keptPosition({ entries }: Store, workspace: string): Promise<number> {
  const value = await entries.get(workspace, positions.collection, positions.key);
  return Position.safeParse(value).data?.position ?? 0;
}

export function positionChange(position: number, now: number): EntryChange {
  return { ...positions, value: { position }, expiresAt: now + foreverMs, mustBeNew: false };
}

function routesOf(bucket: string): string {
  return `catalogue ${bucket}`;
}

function driftOf(bucket: string): string {
  return `drift ${bucket}`;
}

function digestOf(text: string): string {
  return hash("sha256", text).slice(0, 32);
}
