import type { Provider } from "../provider.ts";
import { staleAtTarget, storeSecret } from "../provider.ts";

/** https://docs.stripe.com/webhooks#verify-manually */
export const stripe: Provider = {
  name: "stripe",
  title: "Stripe",
  aliases: ["stripeconnect"],
  scheme: {
    algorithm: "hmac-sha256",
    key: { encoding: "utf8" },
    signature: { header: "stripe-signature", field: "v1", separator: ",", encoding: "hex" },
    timestamp: {
      header: "stripe-signature",
      field: "t",
      separator: ",",
      unit: "s",
      toleranceSeconds: 300,
      future: "any",
    },
    signed: "{timestamp}.{body}",
  },
  dedupeId: { pointer: "/id" },
  eventType: { pointer: "/type" },
  handshake: null,
  sample: (id, nowMs) => ({
    headers: [],
    body: {
      id: `evt_${id}`,
      object: "event",
      api_version: "2025-09-30.clover",
      created: Math.floor(nowMs / 1000),
      livemode: false,
      pending_webhooks: 1,
      type: "payment_intent.succeeded",
      data: {
        object: {
          id: `pi_${id}`,
          object: "payment_intent",
          amount: 2000,
          amount_received: 2000,
          currency: "eur",
          status: "succeeded",
        },
      },
    },
  }),
  guide: {
    steps: [
      "In the Stripe Dashboard choose test mode (or a sandbox) or live mode: each has its own endpoints and secrets.",
      "Open Developers > Webhooks (the Webhooks tab of Workbench) and click Add destination.",
      "Choose the events your target handles, such as `checkout.session.completed`, `payment_intent.succeeded`, `invoice.paid`, `invoice.payment_failed` and `customer.subscription.updated`. Choose the snapshot payload style if you are asked.",
      "Choose Webhook endpoint, paste {ingestUrl} as the endpoint URL, and create it.",
      "On the page of the new destination, reveal the signing secret and copy it.",
      storeSecret,
    ],
    secret:
      "The signing secret of this destination: `whsec_` and letters and digits. The whole text is the key, prefix included.",
    test: [
      "Call send_test with endpointId {endpointId}: it sends a signed `payment_intent.succeeded` through the real pipeline.",
      "From Stripe itself: do something in test mode, or use the Stripe CLI: `stripe trigger payment_intent.succeeded`.",
      "Call list_logs with endpointId {endpointId}: the request must be there and verified.",
    ],
    mistakes: [
      "The secret of `stripe listen`, of another destination or of the other mode is stored: the signature matches none.",
      "An API key (`sk_…`, `rk_…`) is stored instead of the signing secret.",
      "The part after `whsec_` is decoded as base64, as it would be for Svix: for Stripe the whole text is the key.",
      staleAtTarget,
      "An event resent from Stripe within 24 hours has the same id and is recorded as a duplicate: replay it here instead.",
    ],
  },
};
