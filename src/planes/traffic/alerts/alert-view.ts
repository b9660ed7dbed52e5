import { z } from "zod";
import type { AlertRow } from "./alert.ts";
import { Watch, wordsOf } from "./watch.ts";

/** An alert as it is shown. */
export const AlertView = z.object({
  id: z.string(),
  name: z.string(),
  about: z.string().describe("What it watches, in words."),
  watch: Watch,
  environment: z.string().nullable().describe("null = all."),
  bucket: z.string().nullable(),
  path: z.string().nullable(),
  windowMinutes: z.int(),
  resolveAfterMinutes: z.int(),
  remindHours: z.int().nullable(),
  target: z.string().describe("Origin of its target."),
  isActive: z.boolean(),
  version: z.int(),
});

export function alertView({ id, value, version }: AlertRow): z.output<typeof AlertView> {
  const { targetUrl, ...rest } = value;
  return {
    id,
    ...rest,
    about: wordsOf(value.watch, value.windowMinutes),
    target: new URL(targetUrl).origin,
    version,
  };
}
