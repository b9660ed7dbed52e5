import { z } from "zod";
import { alert, type AlertRow } from "./alert.ts";
import { wordsOf } from "./watch.ts";

/** An alert as it is shown. */
export const AlertView = alert.shape.omit({ targetUrl: true }).extend({
  id: z.string(),
  about: z.string().describe("What it watches, in words."),
  target: z.string().describe("Origin of its target."),
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
