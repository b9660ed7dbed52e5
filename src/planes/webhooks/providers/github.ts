import type { Provider } from "../provider.ts";
import { storeSecret } from "../provider.ts";

/** https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries */
export const github: Provider = {
  name: "github",
  title: "GitHub",
  aliases: ["gh", "githubapp", "githubenterprise"],
  scheme: {
    algorithm: "hmac-sha256",
    key: { encoding: "utf8" },
    signature: { header: "x-hub-signature-256", field: "sha256", encoding: "hex" },
    signed: "{body}",
  },
  dedupeId: { header: "x-github-delivery" },
  eventType: { header: "x-github-event" },
  handshake: null,
  sample: (id) => ({
    headers: [
      ["x-github-event", "ping"],
      ["x-github-delivery", id],
      ["x-github-hook-id", "1"],
    ],
    body: {
      zen: "Keep it logically awesome.",
      hook_id: 1,
      hook: { type: "Repository", id: 1, name: "web", active: true, events: ["push"] },
      repository: { id: 1, name: "example", full_name: "octo-org/example", private: true },
      sender: { login: "octocat", id: 1, type: "User" },
    },
  }),
  guide: {
    steps: [
      "Make a random secret of at least 32 characters, such as with `openssl rand -hex 32`.",
      storeSecret,
      "On GitHub open the repository (or organization), then Settings > Webhooks > Add webhook. For a GitHub App: the app's settings > General > Webhook.",
      "Paste {ingestUrl} as the payload URL, choose the content type `application/json`, and paste the same secret as the secret.",
      "Leave SSL verification enabled, choose the events your target handles, such as pushes and pull requests, leave Active checked, and click Add webhook.",
    ],
    secret: "A text you choose yourself, entered the same at GitHub and here. GitHub does not show it again.",
    test: [
      "Call send_test with endpointId {endpointId}: it sends a signed `ping` through the real pipeline.",
      "GitHub sends a `ping` event on creation: call list_logs with endpointId {endpointId} and see it verified.",
      "In the webhook's Recent Deliveries, GitHub shows what it sent and what was answered.",
    ],
    mistakes: [
      "No secret is entered at GitHub: then the header `X-Hub-Signature-256` is missing and every request is refused.",
      "The content type is `application/x-www-form-urlencoded`: it is verified all the same, but the target finds a form with one field `payload` instead of JSON.",
      "GitHub gives up on a delivery after 10 seconds and never repeats it by itself. That is why requests are accepted here first and forwarded then.",
      "A redelivery has the same `X-GitHub-Delivery` and is recorded as a duplicate for 24 hours: replay it here instead.",
    ],
  },
};
