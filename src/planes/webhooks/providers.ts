import type { Provider } from "./provider.ts";
import { custom } from "./providers/custom.ts";
import { github } from "./providers/github.ts";
import { meta } from "./providers/meta.ts";
import { shopify } from "./providers/shopify.ts";
import { slack } from "./providers/slack.ts";
import { standardWebhooks } from "./providers/standard-webhooks.ts";
import { stripe } from "./providers/stripe.ts";
import { svix } from "./providers/svix.ts";

/** All presets: a new one is a file in `providers/` and a line here. */
export const providers: readonly Provider[] = [
  stripe,
  github,
  slack,
  shopify,
  meta,
  standardWebhooks,
  svix,
  custom,
];

const byName = new Map(
  providers.flatMap((each) => [each.name, ...each.aliases].map((name) => [plain(name), each])),
);

/** The preset that people mean by this text ("GitHub", "gh", "standard webhooks"), or undefined. */
export function providerNamed(text: string): Provider | undefined {
  return text.length > 100 ? undefined : byName.get(plain(text));
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
