import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { Secret } from "../../../kernel/secret.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { endpoint } from "../endpoint.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { EndpointView, endpointView } from "../endpoint-view.ts";
import { liveEndpoint } from "../live-endpoints.ts";
import { secretProblem } from "../verification.ts";

const previousMs = 24 * 3_600_000;

export const setEndpointSecret = change({
  name: "set_endpoint_secret",
  title: "Store an endpoint's secret",
  does: "Stores the provider's signing secret, encrypted, and never shows it again. The one before it stays valid for 24 hours, so that the provider can be switched over.",
  verb: "PUT",
  path: "/endpoints/:endpointId/secret",
  scope: "endpoints:write",
  reach: "people",
  destructive: false,
  undoNone: "secrets are not kept in history",
  input: z.object({
    endpointId,
    secret: z.string().min(1).max(4_096).meta({ secret: true }).describe("As the provider shows it."),
    use: z
      .enum(["verification", "verify_token"])
      .default("verification")
      .describe("`verify_token`: the token you chose for Meta's GET handshake."),
    dropPrevious: z
      .boolean()
      .default(false)
      .describe("true = the previous secret is void at once (it leaked)."),
    expectedVersion,
  }),
  output: EndpointView,
  async run({ endpointId: id, secret: text, use, dropPrevious, expectedVersion: expected }, context) {
    const { unit, now, settings, vault } = context;
    const row = await endpointOf(context, id);
    refuseOtherVersion(row, expected, "endpoint");
    const secret = new Secret(text.replace(/\r?\n$/, ""));
    const { provider } = liveEndpoint(row, { vault });
    if (provider === undefined)
      throw new Failure("invalid", "This endpoint has no provider, so it verifies nothing.", {
        pointer: "/endpointId",
        hint: "Set a provider first: update_endpoint with `provider`.",
      });
    if (use === "verify_token") {
      if (provider.handshake?.token === undefined)
        throw new Failure("invalid", `${provider.title} knows no verify token.`, {
          pointer: "/use",
          allowed: ["verification"],
          hint: "Leave `use` out to store the signing secret.",
        });
      return endpointView(
        unit.update(endpoint, row, row.value, { verify_token: secret }),
        settings.publicUrl,
      );
    }
    const problem = secretProblem(provider.scheme, secret);
    if (problem !== undefined)
      throw new Failure("invalid", `This is no secret of ${provider.title}: ${problem}`, {
        pointer: "/secret",
        hint: provider.guide.secret,
      });
    const current = liveEndpoint(row, { vault }).verificationSecrets(now)[0];
    const keep = !dropPrevious && current !== undefined;
    const next = unit.update(
      endpoint,
      row,
      { ...row.value, previousUntil: keep ? now + previousMs : null },
      { verification: secret, previous: keep ? current : null },
    );
    return endpointView(next, settings.publicUrl);
  },
});
