import { z } from "zod";
import { pageBytesMax } from "../../../kernel/page.ts";
import { read } from "../../../registry/operation.ts";
import { keyOf } from "../catalogue/bucket-routes.ts";
import { keptCatalogue } from "../catalogue/kept-catalogue.ts";
import { oneBucket } from "../catalogue/one-bucket.ts";
import { openapiDocument } from "../catalogue/openapi-document.ts";
import { routeMeant } from "../requests.ts";
import { placeInput } from "../view.ts";

const bytesMax = 8 * 1024 * 1024;

export const getOpenapi = read({
  name: "get_openapi",
  title: "Get OpenAPI",
  does: "Describes the API as OpenAPI 3.1, inferred from traffic.",
  verb: "GET",
  path: "/routes/openapi",
  scope: "traffic:read",
  input: z.object({
    ...placeInput,
    path: z.string().min(1).max(500).optional(),
    bytesMax: z.int().min(4_096).max(bytesMax).default(pageBytesMax),
  }),
  output: z.object({
    environment: z.string(),
    bucket: z.string(),
    routes: z.int(),
    left: z.int().describe("Routes that did not fit: ask by `path`."),
    untrusted: z.object({ document: z.looseObject({}) }),
  }),
  async run({ path, bytesMax: most, ...asked }, context) {
    const place = await oneBucket(context, asked);
    const { routes } = await keptCatalogue(context.store, context.workspace, place.id);
    const meant = path === undefined ? undefined : routeMeant(path);
    const list = [...routes.values()]
      .filter(({ template }) => meant?.(template) ?? true)
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const title = `${place.name} of ${place.environment}`;
    const version = new Date(context.now).toISOString();
    const { document, left } = openapiDocument(list, { title, version }, most);
    return {
      environment: place.environment,
      bucket: place.name,
      routes: list.length - left,
      left,
      untrusted: { document: { ...document } },
    };
  },
});
