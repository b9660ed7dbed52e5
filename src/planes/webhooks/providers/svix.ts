import type { Provider } from "../provider.ts";
import { staleAtTarget, storeSecret } from "../provider.ts";
import { standardWebhooks } from "../scheme.ts";

/** https://docs.svix.com/receiving/verifying-payloads/how-manual: what Clerk, Resend and others that use Svix send. */
export const svix: Provider = {
  name: "svix",
  title: "Svix",
  aliases: ["clerk", "resend", "svixwebhooks"],
  scheme: standardWebhooks("svix"),
  dedupeId: { header: "svix-id" },
  eventType: { pointer: "/type" },
  handshake: null,
  sample: (id, nowMs) => ({
    headers: [],
    body: {
      type: "user.created",
      timestamp: nowMs,
      data: { id: `user_${id}`, email_addresses: [{ email_address: "user@example.com" }] },
    },
  }),
  guide: {
    steps: [
      "In the sender's settings for webhooks (at Clerk: Configure > Webhooks; at Resend: Webhooks) click Add Endpoint and paste {ingestUrl} as its URL.",
      "Choose the events your target handles, such as `user.created` and `user.updated`, and create the endpoint.",
      "On the endpoint's page, reveal the signing secret and copy it.",
      storeSecret,
    ],
    secret: "`whsec_` followed by base64. What follows the prefix is decoded, the bytes are the key.",
    test: [
      "Call send_test with endpointId {endpointId}: it sends a signed `user.created` through the real pipeline.",
      "On the endpoint's page at the sender open the Testing tab and send an example.",
      "Call list_logs with endpointId {endpointId}: the request must be there and verified.",
    ],
    mistakes: [
      "The secret is used as text, as it would be for Stripe, which has the same prefix: at Svix it is base64.",
      "The sender uses headers named `webhook-…`: then choose the provider `standard-webhooks`.",
      "An API key of the sender is stored instead of the endpoint's signing secret.",
      staleAtTarget,
    ],
  },
};
