import { Hono } from "hono";
import { z } from "zod";
import { fieldsOf, inputSchema, pathParameters, type Field } from "../../registry/field.ts";
import { publicOutput, type Operation } from "../../registry/operation.ts";
import { addressOf } from "./unknown-path.ts";
import { components } from "./openapi-components.ts";
import { embedded, type Json, type JsonObject } from "./embedded-schema.ts";

export type About = {
  /** Where the server is reached, without a trailing slash. */
  readonly publicUrl: string;
  readonly version: string;
  /** The plane of an operation, to group by; absent = grouped by the first part of the path. */
  readonly planeOf?: (it: Operation) => string | undefined;
};

/** Serves the document at `/openapi.json`. It is made once, when first asked for: the address may not be known before. */
export function openapiApp(operations: readonly Operation[], about: About): Hono {
  let text: string | undefined;
  const headers = { "content-type": "application/json", "x-content-type-options": "nosniff" };
  return new Hono().get("/openapi.json", (c) => {
    text ??= JSON.stringify(openapi(operations, about));
    return c.body(text, 200, headers);
  });
}

/** The REST API as an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1), whose schemas are JSON Schema 2020-12. */
export function openapi(operations: readonly Operation[], about: About): JsonObject {
  const schemas: JsonObject = { ...components.schemas };
  const described = operations.map((it) => ({ it, described: describe(it, about, schemas) }));
  const byAddress = Map.groupBy(described, ({ it }) => addressOf(it));
  const paths = [...byAddress].map(([address, list]): [string, JsonObject] => [
    address,
    Object.fromEntries(list.map((each) => [each.it.verb.toLowerCase(), each.described])),
  ]);
  return {
    openapi: "3.1.1",
    info: {
      title: "Sluice",
      version: about.version,
      description:
        "Every operation is also a command of the same name, and an MCP tool unless a secret passes through it. Failures are problem details (RFC 9457).",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    // Relative to the document when the address is not known.
    servers: [{ url: about.publicUrl || "/" }],
    security: [{ bearer: [] }],
    tags: [...new Set(operations.map((it) => tagOf(it, about)))].map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: { ...components, schemas },
  };
}

function describe(it: Operation, about: About, schemas: JsonObject): JsonObject {
  const own = pathParameters(it.path);
  const fields = fieldsOf(it);
  const inPath = fields.filter(({ name }) => own.includes(name));
  const others = fields.filter(({ name }) => !own.includes(name));
  const queried = it.verb === "GET" || it.verb === "DELETE";
  const definitions = inputSchema(it).$defs;
  const schemaOf = (field: Field): Json => embedded(field.schema, { owner: it.name, definitions, schemas });
  const output = z.toJSONSchema(publicOutput(it), { io: "output" });
  const answer = embedded(output, { owner: `${it.name}_output`, definitions: output.$defs, schemas });
  return {
    operationId: it.name,
    summary: it.title,
    description: it.does,
    tags: [tagOf(it, about)],
    "x-sluice-scope": it.scope,
    "x-sluice-effect": it.effect,
    parameters: [
      ...inPath.map((field) => parameter("path", field, schemaOf(field))),
      ...(queried ? others.map((field) => parameter("query", field, schemaOf(field))) : []),
      ...headersTaken(it).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(!queried && { requestBody: requestBody(others, schemaOf) }),
    responses: {
      "200": {
        description: "Done.",
        headers: {
          RateLimit: { $ref: "#/components/headers/RateLimit" },
          "RateLimit-Policy": { $ref: "#/components/headers/RateLimit-Policy" },
          ...(hasVersion(it) && { ETag: { $ref: "#/components/headers/ETag" } }),
        },
        content: { "application/json": { schema: answer } },
      },
      ...(isKept(it) && { "304": { $ref: "#/components/responses/NotModified" } }),
      "4XX": { $ref: "#/components/responses/Problem" },
      "5XX": { $ref: "#/components/responses/Problem" },
    },
  };
}

/** The names of the components that describe them. */
export function headersTaken(it: Operation): readonly (keyof typeof components.parameters)[] {
  return [
    ...(it.effect === "read" ? [] : (["IdempotencyKey"] as const)),
    ...("expectedVersion" in it.input.shape ? (["IfMatch"] as const) : []),
    ...(isKept(it) ? (["IfNoneMatch"] as const) : []),
    "RequestId",
  ];
}

function hasVersion({ output }: Operation): boolean {
  return "version" in output.shape;
}

function isKept(it: Operation): boolean {
  return it.verb === "GET" && hasVersion(it);
}

/** What an operation is grouped under. */
export function tagOf(it: Operation, { planeOf }: About): string {
  return planeOf?.(it) ?? it.path.split("/")[1] ?? "";
}

function parameter(where: "path" | "query", field: Field, schema: Json): JsonObject {
  const { description } = field.schema;
  return {
    name: field.name,
    in: where,
    required: where === "path" || field.required,
    ...(description !== undefined && { description }),
    ...(field.takes.has("object") ? { content: { "application/json": { schema } } } : { schema }),
  };
}

function requestBody(fields: readonly Field[], schemaOf: (field: Field) => Json): JsonObject {
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  const schema = {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.name, schemaOf(field)])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
  return { required: required.length > 0, content: { "application/json": { schema } } };
}
