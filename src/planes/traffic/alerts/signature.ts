import { createHmac } from "node:crypto";
import type { Headers } from "../../../kernel/exchange.ts";
import type { Secret } from "../../../kernel/secret.ts";

const prefix = "whsec_";

/** The three headers of the Standard Webhooks specification under our prefix, as deliveries of webhooks have them. */
export function signed(
  secret: Secret,
  { id, body, now }: { readonly id: string; readonly body: Uint8Array; readonly now: number },
): Headers {
  const key = Buffer.from(secret.reveal().slice(prefix.length), "base64");
  const seconds = String(Math.floor(now / 1_000));
  const mac = createHmac("sha256", key).update(`${id}.${seconds}.`).update(body).digest("base64");
  return [
    ["sluice-id", id],
    ["sluice-timestamp", seconds],
    ["sluice-signature", `v1,${mac}`],
  ];
}
