import { z } from "zod";
import type { Prompt } from "../../../registry/plane.ts";
import { guideFor } from "../guide.ts";
import { providers } from "../providers.ts";

const names = providers.map(({ title }) => title).join(", ");

export const setupWebhook: Prompt = {
  name: "setup_webhook",
  title: "Set up a webhook",
  does: "Exact steps to receive webhooks from a provider: where to click, which secret, how it is verified, how to test it.",
  scope: "endpoints:read",
  arguments: z.object({ provider: z.string().trim().min(1).max(100).describe(`Such as ${names}.`) }),
  suggests: { provider: { values: providers.map(({ name }) => name) } },
  async render({ provider = "" }) {
    return `${guideFor(provider)}\n\nWalk me through these steps one at a time. Create the endpoint with create_endpoint, never ask me for the secret, and prove with send_test and wait_for_webhook that it works.`;
  },
};
