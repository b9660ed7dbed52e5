import type { Provider } from "../provider.ts";
import { staleAtTarget, storeSecret } from "../provider.ts";

/** https://docs.slack.dev/authentication/verifying-requests-from-slack and https://docs.slack.dev/reference/events/url_verification */
export const slack: Provider = {
  name: "slack",
  title: "Slack",
  aliases: ["slackevents", "slackapp", "slackeventsapi"],
  scheme: {
    algorithm: "hmac-sha256",
    key: { encoding: "utf8" },
    signature: { header: "x-slack-signature", field: "v0", encoding: "hex" },
    timestamp: { header: "x-slack-request-timestamp", unit: "s", toleranceSeconds: 300 },
    signed: "v0:{timestamp}:{body}",
  },
  dedupeId: { pointer: "/event_id" },
  eventType: { pointer: "/event/type" },
  handshake: {
    method: "POST",
    when: { at: { pointer: "/type" }, equals: "url_verification" },
    challenge: { pointer: "/challenge" },
  },
  sample: (id, nowMs) => ({
    headers: [],
    body: {
      type: "event_callback",
      team_id: "T0000000001",
      api_app_id: "A0000000001",
      event_id: `Ev${id}`,
      event_time: Math.floor(nowMs / 1000),
      event: {
        type: "app_mention",
        user: "U0000000001",
        text: "<@U0000000002> hello",
        channel: "C0000000001",
        ts: (nowMs / 1000).toFixed(6),
      },
    },
  }),
  guide: {
    steps: [
      "Open https://api.slack.com/apps and choose your app, or create one.",
      "Under Basic Information > App Credentials, show the Signing Secret and copy it.",
      storeSecret,
      "Under Event Subscriptions, turn on Enable Events and paste {ingestUrl} as the Request URL. Slack sends a challenge, it is answered here, and the page says Verified.",
      "Under Subscribe to bot events add what your target handles, such as `app_mention` or `message.channels`, and save the changes.",
      "Install the app to the workspace; reinstall it when Slack asks, since new events need new permissions.",
    ],
    secret:
      "The Signing Secret under App Credentials: 32 hexadecimal characters, used as text. It is neither the Client Secret, nor the Verification Token, nor a token starting with `xoxb-`.",
    test: [
      "Call send_test with endpointId {endpointId}: it sends a signed `app_mention` through the real pipeline.",
      "From Slack itself: mention the app in a channel it is a member of.",
      "Call list_logs with endpointId {endpointId}: the handshake and the event must be there.",
    ],
    mistakes: [
      "The deprecated Verification Token is stored instead of the Signing Secret.",
      "The app was not reinstalled after events were added, or is no member of the channel: no events come, though the URL is verified.",
      "The target answers slash commands or buttons: Slack shows what is answered to the request itself, and that is answered here, so use `response_url` from the target.",
      staleAtTarget,
    ],
  },
};
