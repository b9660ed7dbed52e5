import { z } from "zod";
import type { Provider } from "./provider.ts";
import { schemeSchema } from "./scheme.ts";

const reading = z.union([
  z.strictObject({ header: z.string().min(1).max(100).toLowerCase() }),
  z.strictObject({
    pointer: z
      .string()
      .max(200)
      .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, "Must be a JSON Pointer such as `/data/id`."),
  }),
]);

/** What an endpoint may say differently from its provider's preset; the provider `custom` is described by it. */
export const VerificationSettings = z.strictObject({
  scheme: schemeSchema.optional().describe("How requests are signed."),
  dedupeId: reading.optional().describe("What tells one event delivered twice from two events."),
  eventType: reading.optional().describe("Where the kind of event stands."),
});

/** The preset as an endpoint with these settings uses it. */
export function configured(preset: Provider, settings: z.output<typeof VerificationSettings>): Provider {
  return {
    ...preset,
    scheme: settings.scheme ?? preset.scheme,
    dedupeId: settings.dedupeId ?? preset.dedupeId,
    eventType: settings.eventType ?? preset.eventType,
  };
}
