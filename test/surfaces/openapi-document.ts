import { z } from "zod";

// The parts of OpenAPI 3.1.1 and of JSON Schema 2020-12 that the document uses; strict, so that a misspelt or
// outdated keyword is noticed.
const type = z.enum(["string", "number", "integer", "boolean", "null", "array", "object"]);
const count = z.int().min(0);

const Schema = z.strictObject({
  $ref: z.string().optional(),
  type: z.union([type, z.array(type)]).optional(),
  enum: z.array(z.json()).optional(),
  const: z.json().optional(),
  default: z.json().optional(),
  description: z.string().optional(),
  examples: z.array(z.json()).min(1).optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
  writeOnly: z.boolean().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  minLength: count.optional(),
  maxLength: count.optional(),
  minItems: count.optional(),
  maxItems: count.optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), Schema]).optional();
  },
  get propertyNames() {
    return Schema.optional();
  },
  get items() {
    return z.union([z.boolean(), Schema]).optional();
  },
  get anyOf() {
    return z.array(Schema).min(1).optional();
  },
  get oneOf() {
    return z.array(Schema).min(1).optional();
  },
});

const Reference = z.strictObject({ $ref: z.string() });
const Content = z.record(z.string(), z.strictObject({ schema: Schema }));
const Parameter = z
  .strictObject({
    name: z.string().min(1),
    in: z.enum(["path", "query", "header"]),
    required: z.boolean().optional(),
    description: z.string().optional(),
    schema: Schema.optional(),
    content: Content.optional(),
  })
  .refine((it) => (it.schema === undefined) !== (it.content === undefined), "has one schema or one content")
  .refine((it) => it.in !== "path" || it.required === true, "a part of the path is required");
const Header = z.strictObject({ description: z.string().optional(), schema: Schema });
const Response = z.strictObject({
  description: z.string(),
  headers: z.record(z.string(), z.union([Reference, Header])).optional(),
  content: Content.optional(),
});
const status = z.string().regex(/^([1-5]\d\d|[1-5]XX|default)$/);
const described = {
  operationId: z.string().min(1),
  summary: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  "x-sluice-scope": z.string(),
  "x-sluice-effect": z.enum(["read", "change", "act"]),
  parameters: z.array(z.union([Reference, Parameter])),
  responses: z
    .record(status, z.union([Reference, Response]))
    .refine((it) => Object.keys(it).length > 0, "has answers"),
};
const Bodiless = z.strictObject(described);
const WithBody = z.strictObject({
  ...described,
  requestBody: z.strictObject({ required: z.boolean(), content: Content }),
});

export const Document = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string().min(1) })),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  tags: z.array(z.strictObject({ name: z.string() })),
  paths: z.record(
    z.string().startsWith("/"),
    z.strictObject({
      get: Bodiless.optional(),
      delete: Bodiless.optional(),
      post: WithBody.optional(),
      put: WithBody.optional(),
      patch: WithBody.optional(),
    }),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[\w.-]+$/), Schema),
    parameters: z.record(z.string(), Parameter),
    headers: z.record(z.string(), Header),
    responses: z.record(z.string(), Response),
    securitySchemes: z.record(
      z.string(),
      z.strictObject({ type: z.literal("http"), scheme: z.literal("bearer"), description: z.string() }),
    ),
  }),
});

export type Document = z.output<typeof Document>;
export type Described = z.output<typeof Bodiless> & Partial<z.output<typeof WithBody>>;

/** Everything that is structurally wrong with a document, shape first; none = it is OpenAPI 3.1. */
export function structuralFaults(value: unknown): readonly string[] {
  const parsed = Document.safeParse(value);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join(" ")}: ${message}`);
  const document = parsed.data;
  return [
    ...referencesIn(document)
      .filter((reference) => resolved(document, reference) === undefined)
      .map((reference) => `${reference} does not resolve`),
    ...document.security
      .flatMap((it) => Object.keys(it))
      .filter((name) => !(name in document.components.securitySchemes))
      .map((name) => `security scheme ${name} is not defined`),
    ...requiredButMissing(document),
    ...repeated(operationsOf(document).map(({ it }) => it.operationId)),
    ...operationsOf(document).flatMap(({ path, it }) => operationFaults(document, path, it)),
  ];
}

export function operationsOf(document: Document): readonly { path: string; verb: string; it: Described }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([verb, it]) => (it === undefined ? [] : [{ path, verb, it }])),
  );
}

function operationFaults(document: Document, path: string, it: Described): readonly string[] {
  const parameters = it.parameters.flatMap((each) =>
    "$ref" in each ? (Parameter.safeParse(resolved(document, each.$ref)).data ?? []) : [each],
  );
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const declared = parameters.filter((each) => each.in === "path").map(({ name }) => name);
  const tags = document.tags.map(({ name }) => name);
  return [
    ...(inPath.join() === declared.join() ? [] : [`${it.operationId}: path and path parameters differ`]),
    ...repeated(parameters.map((each) => `${it.operationId} ${each.in} ${each.name}`)),
    ...it.tags
      .filter((tag) => !tags.includes(tag))
      .map((tag) => `${it.operationId}: tag ${tag} is not declared`),
  ];
}

function repeated(names: readonly string[]): readonly string[] {
  return names.filter((name, i) => names.indexOf(name) !== i).map((name) => `${name} is there twice`);
}

function requiredButMissing(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const { data } = z
    .object({ required: z.array(z.string()), properties: z.record(z.string(), z.unknown()) })
    .safeParse(value);
  const own =
    data?.required.filter((name) => !(name in data.properties)).map((name) => `requires ${name}`) ?? [];
  return [...own, ...Object.values(value).flatMap(requiredButMissing)];
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "$ref" in value && typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}

function resolved(document: object, reference: string): unknown {
  const [root, ...parts] = reference.split("/");
  if (root !== "#") return undefined;
  return parts.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    document,
  );
}
