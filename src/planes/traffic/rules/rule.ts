import { z } from "zod";
import { PlaceName } from "../../../registry/environment.ts";

/** Live rules of one kind in a workspace. */
export const rulesMax = 200;

export const ruleName = z.string().trim().min(1).max(100).describe("What it is for; unique among its kind.");

/** null = all environments, those made later too. */
export const ruleEnvironment = PlaceName.nullable().default(null).describe("null = all.");

/** What every rule is stored with. */
export const ruleShape = { name: z.string(), environment: z.string().nullable() };

/** Of rules of one kind, those in force in an environment. */
export function inForce<V extends { readonly environment: string | null }>(
  rules: Iterable<V>,
  environment: string,
): V[] {
  return [...rules].filter((rule) => rule.environment === null || rule.environment === environment);
}
