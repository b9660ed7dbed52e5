import type { Provider } from "../provider.ts";
import { storeSecret } from "../provider.ts";

/** https://developers.facebook.com/docs/graph-api/webhooks/getting-started */
export const meta: Provider = {
  name: "meta",
  title: "Meta (Facebook, Instagram, WhatsApp)",
  aliases: ["facebook", "instagram", "whatsapp", "messenger", "whatsappcloudapi", "threads"],
  scheme: {
    algorithm: "hmac-sha256",
    key: { encoding: "utf8" },
    signature: { header: "x-hub-signature-256", field: "sha256", encoding: "hex" },
    signed: "{body}",
  },
  // One request holds many entries, and none of their ids stands for the request.
  dedupeId: null,
  eventType: { pointer: "/object" },
  handshake: {
    method: "GET",
    when: { at: { query: "hub.mode" }, equals: "subscribe" },
    token: { query: "hub.verify_token" },
    challenge: { query: "hub.challenge" },
  },
  sample: (id, nowMs) => ({
    headers: [],
    body: {
      object: "whatsapp_business_account",
      entry: [
        {
          id: "100000000000001",
          changes: [
            {
              field: "messages",
              value: {
                messaging_product: "whatsapp",
                metadata: { display_phone_number: "15550000001", phone_number_id: "100000000000002" },
                messages: [
                  {
                    id: `wamid.${id}`,
                    from: "15550000002",
                    timestamp: String(Math.floor(nowMs / 1000)),
                    type: "text",
                    text: { body: "hello" },
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  }),
  guide: {
    steps: [
      "In the Meta App Dashboard open your app, then App settings > Basic, show the App Secret and copy it.",
      storeSecret,
      "Make a random verify token, such as with `openssl rand -hex 16`, and store it the same way: `sluice set-endpoint-secret --endpoint-id {endpointId} --use verify_token --secret-file -`.",
      "In the dashboard open Webhooks (for WhatsApp: WhatsApp > Configuration), choose the object, and click Subscribe to this object or Edit.",
      "Paste {ingestUrl} as the callback URL and the verify token as the verify token, then click Verify and save. Meta sends a GET request with a challenge, and it is answered here.",
      "Subscribe to the fields your target handles, such as `messages`.",
    ],
    secret:
      "Two of them: the App Secret, 32 hexadecimal characters used as text, signs the events; the verify token, which you choose yourself, is only for saving the callback URL.",
    test: [
      "Call send_test with endpointId {endpointId}: it sends a signed WhatsApp message through the real pipeline.",
      "In the dashboard click Test beside a field you subscribed to.",
      "Call list_logs with endpointId {endpointId}: the handshake and the event must be there.",
    ],
    mistakes: [
      "The verify token is missing here when Verify and save is clicked: the handshake is refused and Meta does not save the URL.",
      "An access token or the verify token is stored as the signing secret: it must be the App Secret.",
      "The app is not live, or the page or the WhatsApp account is not subscribed to the app: Meta then sends tests only.",
      "Meta may pack many changes into one request: the target must read every entry.",
    ],
  },
};
