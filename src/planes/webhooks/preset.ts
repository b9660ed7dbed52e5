import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { quoted } from "../../kernel/quoted.ts";
import { nearNames } from "../../registry/near.ts";
import type { Provider } from "./provider.ts";
import { providerNamed, providers } from "./providers.ts";
import type { VerificationSettings } from "./verification-settings.ts";

const names = providers.map(({ name }) => name);

export const providerField = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .describe(`Whose webhooks these are: ${names.join(", ")}. Left out = requests are not verified.`);

/** @throws Failure invalid when no preset has this name, or verification settings are given without a provider */
export function presetOf(
  text: string | null | undefined,
  settings: z.output<typeof VerificationSettings>,
): Provider | undefined {
  if (text === undefined || text === null) {
    if (Object.keys(settings).length === 0) return undefined;
    throw new Failure("invalid", "Verification settings need a provider.", {
      pointer: "/provider",
      allowed: names,
      hint: "Use the provider `custom` for a sender without a preset.",
    });
  }
  const preset = providerNamed(text);
  if (preset !== undefined) return preset;
  const [near] = nearNames(text, names);
  throw new Failure("invalid", `There is no preset for ${quoted(text)}.`, {
    pointer: "/provider",
    allowed: names,
    hint:
      near === undefined
        ? "Use `custom` and describe in `verification` how the provider signs."
        : `Did you mean "${near}"?`,
  });
}
