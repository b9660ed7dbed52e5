import type { Provider } from "../provider.ts";
import { storeSecret } from "../provider.ts";

/** https://shopify.dev/docs/apps/build/webhooks/subscribe/https */
export const shopify: Provider = {
  name: "shopify",
  title: "Shopify",
  aliases: ["shopifyapp"],
  scheme: {
    algorithm: "hmac-sha256",
    key: { encoding: "utf8" },
    signature: { header: "x-shopify-hmac-sha256", encoding: "base64" },
    signed: "{body}",
  },
  dedupeId: { header: "x-shopify-webhook-id" },
  eventType: { header: "x-shopify-topic" },
  handshake: null,
  sample: (id, nowMs) => ({
    headers: [
      ["x-shopify-topic", "orders/create"],
      ["x-shopify-shop-domain", "example.myshopify.com"],
      ["x-shopify-api-version", "2026-01"],
      ["x-shopify-webhook-id", id],
      ["x-shopify-triggered-at", new Date(nowMs).toISOString()],
    ],
    body: {
      id: 820982911946154500,
      name: "#1001",
      email: "jon@example.com",
      created_at: new Date(nowMs).toISOString(),
      currency: "EUR",
      total_price: "20.00",
      financial_status: "paid",
      test: true,
      line_items: [{ id: 866550311766439000, title: "Example", quantity: 1, price: "20.00" }],
    },
  }),
  guide: {
    steps: [
      "For an app: in the Dev Dashboard open the app's settings and copy the client secret. For a store without an app: in the Shopify admin open Settings > Notifications > Webhooks and copy the key that the page says webhooks are signed with.",
      storeSecret,
      'For an app: add a subscription with `uri = "{ingestUrl}"` and your topics to `shopify.app.toml` and run `shopify app deploy`, or create it with the GraphQL mutation `webhookSubscriptionCreate`. For a store: click Create webhook on the same page, choose the event and the format JSON, and paste {ingestUrl}.',
      "Subscribe to what your target handles, such as `orders/create`, `orders/paid`, `products/update` and `app/uninstalled`.",
    ],
    secret:
      "An app signs with its client secret (its API secret key), a store's own webhooks with the key of the notifications page. Either is used as text, not decoded.",
    test: [
      "Call send_test with endpointId {endpointId}: it sends a signed `orders/create` through the real pipeline.",
      "From Shopify itself: create a test order in a development store, or send a test notification from the webhook's menu in the store's settings.",
      "Call list_logs with endpointId {endpointId}: the request must be there and verified.",
    ],
    mistakes: [
      "The key of the store is stored for the webhooks of an app, or the other way round: each signs with its own.",
      "The access token (`shpat_…`) or the API key is stored instead of the secret.",
      "After the client secret was rotated the old one still signs for a while: store both until it is over.",
      "Shopify waits 5 seconds, repeats 8 times over 4 hours and then deletes the subscription. A slow target is no danger to that, since requests are accepted here first.",
    ],
  },
};
