import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { PlaceName, requirePlace } from "../../../registry/environment.ts";
import type { Alert } from "./alert.ts";
import { Watch } from "./watch.ts";

/** Longest window; of the remainder, whose webhooks may be on their way for days, longer. */
const windowMinutesMax = { counted: 1_440, remainder: 10_080 };
const windowMinutesDefault = { counted: 5, remainder: 1_440 };

/** What people set of an alert. */
export const settings = {
  name: z.string().trim().min(1).max(100).describe("What it is for; unique among alerts."),
  watch: Watch,
  environment: PlaceName.nullable().describe("null = all."),
  bucket: PlaceName.nullable().describe("null = all."),
  path: z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .describe("A route or path, `*` stands for anything; null = all."),
  windowMinutes: z
    .int()
    .min(1)
    .max(windowMinutesMax.remainder)
    .describe("Minutes that are looked at together: 5 unless given, 1440 for a remainder."),
  resolveAfterMinutes: z
    .int()
    .min(0)
    .max(1_440)
    .describe("For how long all must be well again before it is said to be."),
  remindHours: z
    .int()
    .min(1)
    .max(168)
    .nullable()
    .describe("Say it again so often while it lasts; null = never."),
  targetUrl: z
    .string()
    .trim()
    .min(1)
    .max(2_000)
    .meta({ secret: true })
    .describe("Where notifications are posted, signed. Only its origin is shown again."),
};

/** An alert as it would be stored. @throws Failure invalid for what does not go together */
export async function checkedAlert(
  value: Omit<Alert, "windowMinutes"> & { readonly windowMinutes: number | undefined },
  { unit }: Pick<Context, "unit">,
): Promise<Alert> {
  const { watch, environment, bucket, path } = value;
  const about = watch.kind === "remainder" ? "remainder" : "counted";
  const { windowMinutes = windowMinutesDefault[about] } = value;
  if (windowMinutes > windowMinutesMax[about])
    throw new Failure("invalid", `A window has at most ${windowMinutesMax[about]} minutes here.`, {
      pointer: "/windowMinutes",
    });
  if (about === "remainder")
    for (const [name, given] of Object.entries({ environment, bucket, path }))
      if (given !== null)
        throw new Failure("invalid", "The remainder is that of the whole workspace.", {
          pointer: `/${name}`,
          hint: `Leave ${name} out.`,
        });
  if (environment !== null) await requirePlace(unit, { environment, ...(bucket !== null && { bucket }) });
  return { ...value, windowMinutes };
}
