import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { change } from "../../../registry/operation.ts";
import { oneBucket } from "../catalogue/one-bucket.ts";
import { apartMax } from "../catalogue/route-template.ts";
import { SaidTemplate, saidTemplate, templateInput, templateView } from "../catalogue/said-template.ts";
import { placeInput } from "../view.ts";

const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^/{}?#]+$/, "one segment of a path");

export const splitRoute = change({
  name: "split_route",
  title: "Split a route",
  does: "Keeps names in one place of a bucket's paths apart, those given or all of them, such as `search` of `/products/{slug}`. What is learned later leaves it so.",
  verb: "POST",
  path: "/routes/split",
  scope: "traffic_rules:write",
  reach: "people",
  destructive: false,
  undoNone: null,
  input: z.object({
    template: templateInput,
    names: z.array(name).min(1).max(50).optional().describe("All of them if left out."),
    ...placeInput,
  }),
  output: SaidTemplate,
  async run({ template, names, ...asked }, context) {
    const place = await oneBucket(context, asked);
    const row = await saidTemplate(context, place, template, (known) => {
      if (names === undefined) return { state: "split", apart: [], unlike: [] };
      if (known === undefined || known.state === "split")
        throw new Failure("invalid", "All names are apart there.", { pointer: "/names" });
      const apart = [...new Set([...known.apart, ...names])];
      if (apart.length > apartMax)
        throw new Failure("invalid", `More than ${apartMax} names would be apart.`, {
          pointer: "/names",
          hint: "Split it as a whole.",
        });
      return { state: known.state, apart, unlike: known.unlike.filter((it) => !names.includes(it)) };
    });
    return templateView(row, place);
  },
});
