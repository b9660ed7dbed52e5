import { schemaOf, type JsonSchema } from "./json-schema.ts";
import { openapiPath, type OpenapiPath } from "./openapi-path.ts";
import { placeOf } from "./route-template.ts";
import type { Names, SeenRoute, Side } from "./seen-route.ts";

export type OpenapiDocument = {
  readonly openapi: "3.1.0";
  readonly info: JsonSchema;
  readonly paths: Readonly<Record<string, JsonSchema>>;
};

export type Inferred = {
  readonly document: OpenapiDocument;
  /** Routes that did not fit any more. */
  readonly left: number;
};

const methods = new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]);
/** Described elsewhere in a document than among the parameters, or not at all. */
const apart = new Set(["authorization", "content-type", "accept"]);

/** The routes as an OpenAPI 3.1 document of at most so many bytes, in the order given; at least one of them is in it. */
export function openapiDocument(
  routes: readonly SeenRoute[],
  info: { readonly title: string; readonly version: string },
  bytesMax: number,
): Inferred {
  const paths = new Map<string, { readonly path: string; readonly item: Map<string, JsonSchema> }>();
  let bytes = 200;
  let left = 0;
  for (const route of routes) {
    if (!methods.has(route.method)) continue;
    const own = openapiPath(route.template);
    // Templates that differ in names alone are the same path.
    const known = paths.get(placeOf(own.path)) ?? { path: own.path, item: new Map<string, JsonSchema>() };
    const method = route.method.toLowerCase();
    if (known.item.has(method)) continue;
    const operation = operationOf(route, known.path === own.path ? own : openapiPath(known.path));
    const size = Buffer.byteLength(JSON.stringify(operation)) + known.path.length + 30;
    if (bytes + size > bytesMax && paths.size > 0) {
      left++;
      continue;
    }
    bytes += size;
    known.item.set(method, operation);
    paths.set(placeOf(own.path), known);
  }
  const list = [...paths.values()].map(({ path, item }) => [path, Object.fromEntries(item)] as const);
  const description = "Inferred from traffic that was recorded: what was never seen is not in it.";
  return {
    document: { openapi: "3.1.0", info: { ...info, description }, paths: Object.fromEntries(list) },
    left,
  };
}

function operationOf(route: SeenRoute, { path, parameters }: OpenapiPath): JsonSchema {
  const { method, from, firstAt, seenAt, request, query } = route;
  const all = [
    ...parameters.map((it) => ({ ...it, in: "path", required: true })),
    ...namedIn("query", query),
    ...namedIn("header", request.headers),
  ];
  return {
    operationId: `${method.toLowerCase()} ${path}`.replaceAll(/[^A-Za-z0-9]+/g, "_").replaceAll(/^_|_$/g, ""),
    ...(all.length > 0 && { parameters: all }),
    ...(request.bodies > 0 && {
      requestBody: { content: contentOf(request), required: request.bodies === request.looked },
    }),
    responses: responsesOf(route),
    "x-seen": { from, first: new Date(firstAt).toISOString(), last: new Date(seenAt).toISOString() },
  };
}

function namedIn(place: "query" | "header", names: Names): readonly JsonSchema[] {
  return Object.entries(names)
    .filter(([name]) => place === "query" || !apart.has(name))
    .map(([name, { always }]) => ({
      name,
      in: place,
      ...(always && { required: true }),
      schema: { type: "string" },
    }));
}

function responsesOf({ answers }: SeenRoute): JsonSchema {
  const list = Object.entries(answers)
    .filter(([status]) => /^[1-5]\d\d$/.test(status))
    .map(([status, answer]) => {
      const headers = Object.entries(answer.headers).filter(([name]) => !apart.has(name));
      const described = headers.map(
        ([name, { always }]) =>
          [name, { ...(always && { required: true }), schema: { type: "string" } }] as const,
      );
      const response = {
        description: `Answered ${answer.noted} times or more.`,
        ...(described.length > 0 && { headers: Object.fromEntries(described) }),
        ...(answer.bodies > 0 && { content: contentOf(answer) }),
      };
      return [status, response] as const;
    });
  return list.length === 0 ? { default: { description: "There was no answer." } } : Object.fromEntries(list);
}

function contentOf({ types, shape, values }: Side): JsonSchema {
  return Object.fromEntries(
    Object.keys(types).map((type) => {
      const isRead = /json$|^application\/x-www-form-urlencoded$/.test(type) && shape !== null;
      return [type, isRead ? { schema: schemaOf(shape, values) } : {}];
    }),
  );
}
