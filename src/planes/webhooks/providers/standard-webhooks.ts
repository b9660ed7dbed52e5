import type { Provider } from "../provider.ts";
import { staleAtTarget, storeSecret } from "../provider.ts";
import { standardWebhooks as scheme } from "../scheme.ts";

/** https://www.standardwebhooks.com: what OpenAI, Replicate, Brex and newer GitLab send. */
export const standardWebhooks: Provider = {
  name: "standard-webhooks",
  title: "Standard Webhooks",
  aliases: ["standardwebhook", "openai", "replicate", "brex"],
  scheme: scheme("webhook"),
  dedupeId: { header: "webhook-id" },
  eventType: { pointer: "/type" },
  handshake: null,
  sample: (_id, nowMs) => ({
    headers: [],
    body: { type: "example.created", timestamp: new Date(nowMs).toISOString(), data: { example: true } },
  }),
  guide: {
    steps: [
      "In the sender's settings for webhooks add an endpoint and paste {ingestUrl} as its URL.",
      "Choose the events your target handles.",
      "Copy the signing secret that is shown for this endpoint; some senders show it only once.",
      storeSecret,
    ],
    secret: "`whsec_` followed by base64. What follows the prefix is decoded, the bytes are the key.",
    test: [
      "Call send_test with endpointId {endpointId}: it sends a signed `example.created` through the real pipeline.",
      "Use the sender's own test button if it has one.",
      "Call list_logs with endpointId {endpointId}: the request must be there and verified.",
    ],
    mistakes: [
      "The sender uses headers named `svix-…`: then choose the provider `svix`.",
      "The secret is cut or re-encoded when copied: `=` at its end belongs to it.",
      staleAtTarget,
    ],
  },
};
