import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { nearNames } from "../../../registry/near.ts";
import { read } from "../../../registry/operation.ts";

export const describeOperation = read({
  name: "describe_operation",
  title: "Describe an operation",
  does: "Tells all of an operation: the full JSON Schema of its input and output, its scope, and whether it can be undone. Lists of tools leave out what is long.",
  verb: "GET",
  path: "/operations/:operation",
  scope: "workspace:read",
  input: z.object({ operation: z.string().max(100).describe("A tool's name, such as `create_endpoint`.") }),
  output: z.object({
    name: z.string(),
    title: z.string(),
    does: z.string(),
    plane: z.string(),
    effect: z.enum(["read", "change", "act"]),
    scope: z.string(),
    reach: z
      .enum(["everywhere", "people"])
      .describe("people = not over MCP: secrets pass through it, or people are to decide."),
    undo: z
      .string()
      .nullable()
      .describe("Why it cannot be undone; null = it can, or there is nothing to undo."),
    input: z.record(z.string(), z.json()),
    output: z.record(z.string(), z.json()),
  }),
  async run({ operation }, { catalogue }) {
    const it = catalogue.operations.get(operation);
    if (it === undefined) {
      const near = nearNames(operation, [...catalogue.operations.keys()]);
      throw new Failure("not_found", "There is no such operation.", {
        pointer: "/operation",
        ...(near.length > 0 && { allowed: near, hint: `Did you mean ${near.join(" or ")}?` }),
      });
    }
    const { name, title, does, plane, effect, scope, reach, undoNone } = it;
    return {
      name,
      title,
      does,
      plane,
      effect,
      scope,
      reach,
      undo: effect === "act" ? "what it did is done" : (undoNone ?? null),
      input: jsonSchema(it.input, "input"),
      output: jsonSchema(it.output, "output"),
    };
  },
});

const JsonObject = z.record(z.string(), z.json());

function jsonSchema(shape: z.ZodObject, io: "input" | "output"): z.output<typeof JsonObject> {
  return JsonObject.parse(JSON.parse(JSON.stringify(z.toJSONSchema(shape, { io }))));
}
