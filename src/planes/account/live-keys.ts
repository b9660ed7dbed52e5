import type { Unit } from "../../registry/unit.ts";
import { apiKey, type ApiKeyRow } from "./api-key.ts";

export const apiKeysListedMax = 1_000;

/** The workspace's keys that count against its plan: all that are not revoked, expired ones included. */
export async function liveKeys(unit: Unit): Promise<readonly ApiKeyRow[]> {
  const rows = await unit.find(apiKey, { limit: apiKeysListedMax });
  return rows.filter(({ value }) => value.revokedAt === null);
}
