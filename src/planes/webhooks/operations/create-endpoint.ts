import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { randomText } from "../../../kernel/id.ts";
import { isConfined } from "../../../kernel/principal.ts";
import { newDeliverySecret } from "../../../registry/delivery-secret.ts";
import type { Context } from "../../../registry/context.ts";
import { PlaceName, requirePlace } from "../../../registry/environment.ts";
import { change } from "../../../registry/operation.ts";
import { bodyBytesDefault, endpoint, settings, slugOf } from "../endpoint.ts";
import { EndpointView, endpointView } from "../endpoint-view.ts";
import { presetOf, providerField } from "../preset.ts";
import { checkTarget } from "../../../registry/allowed-target.ts";

const slugTriesMax = 50;
const slugEndLength = 8;

export const createEndpoint = change({
  name: "create_endpoint",
  title: "Create an endpoint",
  does: "Creates a webhook endpoint and answers its ingest URL, which the provider sends to. With a provider, requests are verified and refused until its signing secret is stored.",
  verb: "POST",
  path: "/endpoints",
  scope: "endpoints:write",
  destructive: false,
  undoNone: null,
  input: z.object({
    name: settings.name,
    targetUrl: settings.targetUrl,
    provider: providerField.optional(),
    environment: PlaceName.default("production"),
    bucket: PlaceName.default("default"),
    slug: z
      .string()
      .max(60)
      .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "lowercase letters, digits and single dashes")
      .optional()
      .describe("Names the endpoint in tools and in its URL; made from the name unless given."),
    timeoutSeconds: settings.timeoutSeconds.default(30),
    maxAttempts: settings.maxAttempts.default(12),
    bodyBytesMax: settings.bodyBytesMax.default(bodyBytesDefault),
    verification: settings.verification.default({}),
  }),
  output: EndpointView.extend({
    endpointsLeft: z.int().describe("How many more endpoints the plan allows."),
    next: z.string(),
  }),
  async run(input, context) {
    const { unit, plan, principal, dryRun, settings: server } = context;
    const used = await unit.count(endpoint);
    if (used >= plan.endpointsMax)
      throw new Failure("quota_exceeded", `The plan "${plan.name}" allows ${plan.endpointsMax} endpoints.`, {
        hint: "Delete an endpoint that is no longer used, or raise endpointsMax with `sluice update-workspace`.",
      });
    unit.limit(endpoint, plan.endpointsMax);
    const { environment, buckets } = principal.confines;
    if (environment !== undefined && environment !== input.environment)
      throw new Failure("forbidden", `This credential is confined to the environment ${environment}.`, {
        pointer: "/environment",
      });
    if (buckets !== undefined && !buckets.includes(input.bucket))
      throw new Failure("forbidden", "This credential is confined to other buckets.", {
        pointer: "/bucket",
        allowed: buckets,
      });
    await requirePlace(unit, input);
    await checkTarget(context, input.targetUrl);
    const row = unit.create(
      endpoint,
      {
        ...input,
        provider: presetOf(input.provider, input.verification)?.name ?? null,
        slug: await slugFor(input, context),
        token: randomText(22),
        isActive: true,
        pausedBecause: null,
        previousUntil: null,
      },
      { delivery: newDeliverySecret() },
    );
    const view = endpointView(
      dryRun ? { ...row, value: { ...row.value, token: "…" } } : row,
      server.publicUrl,
    );
    return {
      ...view,
      endpointsLeft: plan.endpointsMax - used - 1,
      next: dryRun ? "Call again without dryRun to create it." : nextStep(view),
    };
  },
});

type Asked = { readonly name: string; readonly slug?: string | undefined };

/**
 * A slug is taken once in a workspace, and whether one is taken tells whoever asks that another endpoint has it: who may not see
 * all of them chooses none, and gets one that no other has because it is random.
 *
 * @throws Failure conflict when another has the slug that was asked for; forbidden when none may be asked for
 */
async function slugFor({ name, slug }: Asked, context: Context): Promise<string> {
  const { unit, principal, dryRun } = context;
  if (isConfined(principal)) {
    if (slug === undefined) return `${slugOf(name)}-${dryRun ? "…" : randomEnd()}`;
    throw new Failure("forbidden", "A credential for a part of the workspace chooses no slug.", {
      pointer: "/slug",
      hint: "Leave it out: it is made from the name and ends at random.",
    });
  }
  if (slug === undefined) return freeSlug(context, slugOf(name));
  if ((await unit.byKey(endpoint, "slug", slug)) === undefined) return slug;
  throw new Failure("conflict", `The slug "${slug}" is taken.`, {
    pointer: "/slug",
    hint: "Choose another, or leave it out.",
  });
}

async function freeSlug({ unit }: Context, wish: string): Promise<string> {
  for (let n = 1; n <= slugTriesMax; n++) {
    const slug = n === 1 ? wish : `${wish}-${n}`;
    if ((await unit.byKey(endpoint, "slug", slug)) === undefined) return slug;
  }
  return `${wish}-${randomEnd()}`;
}

function randomEnd(): string {
  return randomText(slugEndLength).toLowerCase();
}

function nextStep({ verification, slug }: z.output<typeof EndpointView>): string {
  if (verification === "waiting for secret")
    return `Register ingestUrl at the provider, then store its signing secret with \`sluice set-endpoint-secret --endpoint-id ${slug} --secret-file -\` (never in a chat): until then every request is refused with 401.`;
  return "Register ingestUrl at the provider, or try it at once with send_test.";
}
