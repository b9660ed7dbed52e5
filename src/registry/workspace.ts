import { z } from "zod";
import { resource } from "./resource.ts";

/** What a workspace may use. Counts are of live records; a month is a calendar month in UTC. */
export const Plan = z.strictObject({
  name: z.string().min(1).max(50),
  endpointsMax: z.int().min(0).max(100_000),
  eventsPerMonth: z.int().min(0).max(10_000_000_000),
  apiKeysMax: z.int().min(1).max(1_000),
  retentionDays: z.int().min(1).max(3_650),
});

export type Plan = z.output<typeof Plan>;

/** What a self-hosted server starts with; `update_workspace` changes it. */
export const selfHosted: Plan = {
  name: "self-hosted",
  endpointsMax: 100,
  eventsPerMonth: 1_000_000,
  apiKeysMax: 10,
  retentionDays: 30,
};

/** Above the soft limit events are accepted and held; from this share of it they are refused. */
export const quotaHardShare = 1.2;

/** In place of a workspace where something belongs to the whole server: users, their sessions, OAuth clients. */
export const serverScope = "server";

export const workspace = resource({
  kind: "workspace",
  prefix: "ws",
  shape: z.object({ name: z.string(), plan: Plan }),
});

/** The sum that a month's accepted events are tallied under. */
export function quotaKey(workspaceId: string, at: number): string {
  return `quota/${workspaceId}/${new Date(at).toISOString().slice(0, 7)}`;
}
