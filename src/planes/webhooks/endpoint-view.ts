import { z } from "zod";
import { ingestUrl, type EndpointRow } from "./endpoint.ts";

export const EndpointView = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  ingestUrl: z
    .string()
    .describe("Where the provider sends. Whoever knows it can send: treat it as a secret."),
  targetUrl: z.string(),
  isActive: z.boolean().describe("false = paused: webhooks are accepted and held."),
  pausedBecause: z.string().nullable(),
  provider: z.string().nullable(),
  verification: z
    .enum(["off", "waiting for secret", "on"])
    .describe("`waiting for secret`: every request is refused until the signing secret is stored."),
  verificationSettings: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("What differs from the provider's preset, as update_endpoint takes it in `verification`."),
  environment: z.string(),
  bucket: z.string(),
  timeoutSeconds: z.int(),
  maxAttempts: z.int(),
  bodyBytesMax: z.int(),
  version: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

export function endpointView(row: EndpointRow, publicUrl: string): z.output<typeof EndpointView> {
  const { id, version, createdAt, updatedAt, value, sealed } = row;
  const { verification, token: _token, previousUntil: _previousUntil, ...plain } = value;
  return {
    id,
    ...plain,
    ingestUrl: ingestUrl(publicUrl, value),
    verification:
      value.provider === null ? "off" : sealed["verification"] === undefined ? "waiting for secret" : "on",
    ...(Object.keys(verification).length > 0 && { verificationSettings: verification }),
    version,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}
