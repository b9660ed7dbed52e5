import type { Provider } from "./provider.ts";
import { providerNamed } from "./providers.ts";
import { custom } from "./providers/custom.ts";
import { describeScheme } from "./scheme.ts";

/** What fills the placeholders of a guide; what is not known yet stays a placeholder. */
export type GuideValues = { readonly ingestUrl?: string; readonly endpointId?: string };

/**
 * How to set up webhooks of the provider a person names, in any spelling: Markdown with numbered steps, the
 * secret, how it is verified, how to test it, and what usually goes wrong. An unknown name gives the generic guide.
 */
export function guideFor(providerText: string, values: GuideValues = {}): string {
  const provider = providerNamed(providerText);
  return filled(written(provider ?? custom, provider !== undefined), values);
}

function written(provider: Provider, known: boolean): string {
  const { guide } = provider;
  const title = known
    ? `# Receive webhooks from ${provider.title}`
    : "# Receive webhooks from a provider without a preset";
  return [
    title,
    `First call create_endpoint with the provider \`${provider.name}\`, unless the endpoint exists. Its ingest URL is used below.`,
    section(
      "Steps",
      guide.steps.map((step, i) => `${i + 1}. ${step}`),
    ),
    section("The secret", [guide.secret]),
    section("How it is verified", [describeScheme(provider.scheme)]),
    section(
      "Test it",
      guide.test.map((step, i) => `${i + 1}. ${step}`),
    ),
    section(
      "Typical mistakes",
      guide.mistakes.map((mistake) => `- ${mistake}`),
    ),
  ].join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  return `## ${title}\n${lines.join("\n")}`;
}

function filled(text: string, values: GuideValues): string {
  return text
    .replaceAll("{ingestUrl}", () => values.ingestUrl ?? "{ingestUrl}")
    .replaceAll("{endpointId}", () => values.endpointId ?? "{endpointId}");
}
