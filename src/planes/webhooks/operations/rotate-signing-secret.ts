import { z } from "zod";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { newDeliverySecret } from "../../../registry/delivery-secret.ts";
import { endpoint } from "../endpoint.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";

export const rotateSigningSecret = change({
  name: "rotate_signing_secret",
  title: "Rotate the signing secret",
  does: "Makes a new secret that deliveries of this endpoint are signed with and shows it this once. Targets check the `sluice-signature` header with it, by the Standard Webhooks scheme.",
  verb: "POST",
  path: "/endpoints/:endpointId/signing-secret",
  scope: "endpoints:write",
  reach: "people",
  destructive: true,
  undoNone: "the secret was shown",
  input: z.object({ endpointId, expectedVersion }),
  output: z.object({
    id: z.string(),
    slug: z.string(),
    signingSecret: z.string().describe("Shown this once."),
    version: z.int(),
  }),
  async run({ endpointId: id, expectedVersion: expected }, context) {
    const row = await endpointOf(context, id);
    refuseOtherVersion(row, expected, "endpoint");
    const delivery = newDeliverySecret();
    const { version } = context.unit.update(endpoint, row, row.value, { delivery });
    return { id: row.id, slug: row.value.slug, signingSecret: delivery.reveal(), version };
  },
});
