import type { Unit } from "../../registry/unit.ts";
import { apiKey, unrevokedKeys, type ApiKeyRow } from "./api-key.ts";

export const apiKeysListedMax = 1_000;

/** The workspace's keys that count against its plan: all that are not revoked, expired ones included. */
export function liveKeys(unit: Unit): Promise<readonly ApiKeyRow[]> {
  return unit.find(apiKey, { limit: apiKeysListedMax, where: unrevokedKeys });
}
