import { z } from "zod";
import { resource, type Row } from "../../registry/resource.ts";
import { VerificationSettings } from "./verification-settings.ts";

export const bodyBytesDefault = 10 * 1024 * 1024;
export const bodyBytesMax = 26 * 1024 * 1024;

/** An endpoint was paused or resumed. */
export const laneMessage = "webhooks.lane";
/** An endpoint was deleted: what it still had to deliver is cancelled. */
export const cancelMessage = "webhooks.cancel";

/** What people and agents may set on an endpoint; every field also has the rules that create and update share. */
export const settings = {
  name: z.string().trim().min(1).max(100).describe("What it is for, such as `Stripe Production`."),
  targetUrl: z
    .string()
    .trim()
    .min(1)
    .max(2_000)
    .describe("Where webhooks are delivered: an http or https URL."),
  timeoutSeconds: z.int().min(1).max(120).describe("Total time one delivery attempt may take."),
  maxAttempts: z.int().min(1).max(12).describe("Attempts before giving up; 12 take 70 hours."),
  bodyBytesMax: z.int().min(1_024).max(bodyBytesMax).describe("Largest body accepted, in bytes."),
  verification: VerificationSettings.meta({
    description: "What differs from the provider's preset; all of it for the provider `custom`.",
    brief: true,
  }),
};

export const endpoint = resource({
  kind: "endpoint",
  prefix: "ep",
  shape: z.object({
    name: z.string(),
    slug: z.string(),
    /** The random part of the ingest address: 22 base62 characters. Knowing it is the right to send. */
    token: z.string(),
    targetUrl: z.string(),
    isActive: z.boolean(),
    /** Why it is paused when a person did not pause it. */
    pausedBecause: z.string().nullable(),
    environment: z.string(),
    bucket: z.string(),
    provider: z.string().nullable(),
    verification: VerificationSettings,
    /** Until when the previous verification secret is also accepted. */
    previousUntil: z.int().nullable(),
    timeoutSeconds: z.int(),
    maxAttempts: z.int(),
    bodyBytesMax: z.int(),
  }),
  secrets: ["verification", "previous", "verify_token", "delivery"],
  masked: ["token"],
  keys: ({ slug }) => ({ slug }),
  globalKeys: ({ token }) => ({ token }),
  indexes: ({ environment, bucket }) => ({ environment, bucket }),
  messages(id, before, after) {
    if (after === null) return [{ name: cancelMessage, payload: { lane: id } }];
    const held = !after.isActive;
    const wasHeld = before !== null && !before.isActive;
    return held === wasHeld ? [] : [{ name: laneMessage, payload: { lane: id } }];
  },
  most: ({ endpointsMax }) => endpointsMax,
});

export type EndpointRow = Row<(typeof endpoint)["shape"]>;

/** The address providers send to. */
export function ingestUrl(
  publicUrl: string,
  { slug, token }: { readonly slug: string; readonly token: string },
): string {
  return `${publicUrl}/in/${slug}-${token}`;
}

/** Readable and URL-safe: `Stripe Production!` becomes `stripe-production`. At most 60 characters. */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replaceAll(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 60)
    .replaceAll(/^-+|-+$/g, "");
  return slug === "" ? "endpoint" : slug;
}
