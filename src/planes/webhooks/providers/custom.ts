import type { Provider } from "../provider.ts";
import { storeSecret } from "../provider.ts";

/** For every sender without a preset: the endpoint's verification settings say how it signs; without them, as here. */
export const custom: Provider = {
  name: "custom",
  title: "Custom provider",
  aliases: ["other", "generic", "hmac"],
  scheme: {
    algorithm: "hmac-sha256",
    key: { encoding: "utf8" },
    signature: { header: "x-signature", encoding: "hex" },
    signed: "{body}",
  },
  dedupeId: null,
  eventType: { pointer: "/type" },
  handshake: null,
  sample: (id, nowMs) => ({
    headers: [],
    body: { id, type: "example.created", createdAt: new Date(nowMs).toISOString(), data: { example: true } },
  }),
  guide: {
    steps: [
      "In the sender's documentation look up how it signs: the header with the signature, the algorithm, the encoding (hex or base64), a prefix such as `sha256=`, what is signed (the body alone, or with a timestamp or id and how they are joined), and the form of the secret.",
      'Put that into the endpoint with update_endpoint, endpointId {endpointId} and `verification`. For example, a header `X-Acme-Signature: sha256=<hex>` over the body is `{"scheme": {"algorithm": "hmac-sha256", "key": {"encoding": "utf8"}, "signature": {"header": "x-acme-signature", "field": "sha256", "encoding": "hex"}, "signed": "{body}"}}`.',
      'If the sender signs a timestamp, add to the scheme `timestamp` (such as `{"header": "x-acme-timestamp", "unit": "s", "toleranceSeconds": 300}`) and use it in `signed`, such as `{timestamp}.{body}`: it keeps captured requests from being sent again.',
      'If each event has an id, in a header or in the body, add `dedupeId` beside the scheme, such as `{"header": "x-acme-id"}` or `{"pointer": "/id"}`, so that repeated deliveries are recognised.',
      "In the sender's settings register {ingestUrl} as the webhook URL, choose the events, and copy or choose the signing secret.",
      storeSecret,
    ],
    secret:
      "What the sender calls signing secret, webhook secret or shared key. Whether it is used as text or decoded first is in the sender's documentation, and goes into `key`.",
    test: [
      "Call send_test with endpointId {endpointId}: it sends an example signed by this scheme through the real pipeline.",
      "Let the sender send a real event. If it is refused, get_log_detail tells which part did not fit.",
    ],
    mistakes: [
      "The signature is compared in the wrong encoding: 64 characters of 0-9 and a-f are hex, 44 characters ending in `=` are base64.",
      "The secret is used as text where the sender decodes it from base64 or hex first, or the other way round.",
      "The algorithm `token` only compares a secret in a header: it does not protect the body, so use it only when the sender cannot sign.",
    ],
  },
};
