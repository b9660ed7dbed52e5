import { z } from "zod";
import { change } from "../../../registry/operation.ts";
import { oneBucket } from "../catalogue/one-bucket.ts";
import { SaidTemplate, saidTemplate, templateInput, templateView } from "../catalogue/said-template.ts";
import { placeInput } from "../view.ts";

export const mergeRoutes = change({
  name: "merge_routes",
  title: "Merge routes",
  does: "Makes all names in one place of a bucket's paths one route: `/products/{slug}` does so below `/products`. What is learned later leaves it so.",
  verb: "POST",
  path: "/routes/merge",
  scope: "traffic_rules:write",
  reach: "people",
  destructive: false,
  undoNone: null,
  input: z.object({ template: templateInput, ...placeInput }),
  output: SaidTemplate,
  async run({ template, ...asked }, context) {
    const place = await oneBucket(context, asked);
    const row = await saidTemplate(context, place, template, () => ({
      state: "merged",
      apart: [],
      unlike: [],
    }));
    return templateView(row, place);
  },
});
