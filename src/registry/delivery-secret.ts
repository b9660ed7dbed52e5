import { randomBytes } from "node:crypto";
import { Secret } from "../kernel/secret.ts";

/** What deliveries are signed with: `whsec_` and 32 random bytes in base64, as the Standard Webhooks specification has it. */
export function newDeliverySecret(): Secret {
  return new Secret(`whsec_${randomBytes(32).toString("base64")}`);
}
