import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { planes } from "../../src/planes/planes.ts";
import { read } from "../../src/registry/operation.ts";
import { openapi, openapiApp, type About } from "../../src/surfaces/rest/openapi.ts";
import { crateOperations } from "./crates.ts";
import { Document, operationsOf, structuralFaults, type Described } from "./openapi-document.ts";

const about = { publicUrl: "https://sluice.example", version: "1.2.3" };
const document = described(crateOperations);

function described(operations: Parameters<typeof openapi>[0], more: Partial<About> = {}): Document {
  const made = openapi(operations, { ...about, ...more });
  assert.deepEqual(structuralFaults(made), []);
  return Document.parse(made);
}

function operation(name: string, within: Document = document): Described {
  const found = operationsOf(within).find(({ it }) => it.operationId === name);
  assert.ok(found, name);
  return found.it;
}

function bodyOf(name: string) {
  const schema = operation(name).requestBody?.content["application/json"]?.schema;
  assert.ok(schema?.properties, `${name} takes a JSON object`);
  return { ...schema, properties: schema.properties };
}

function answerOf(it: Described) {
  const answer = it.responses["200"];
  assert.ok(answer !== undefined && "content" in answer);
  return answer.content?.["application/json"]?.schema.properties ?? {};
}

test("the document is structurally OpenAPI 3.1", () => {
  assert.deepEqual(structuralFaults(openapi(crateOperations, about)), []);
});

test("the product's own operations are described by one, with a component for every reference", () => {
  const operations = planes.flatMap((plane) => plane.operations);
  assert.ok(operations.length > 0);
  assert.equal(operationsOf(described(operations)).length, operations.length);
});

test("the structural check finds what it is for", () => {
  const crate = ["paths", "/api/v1/crates/{crateId}", "get"];
  const parameter = [...crate, "parameters", "0"];
  const problem = ["components", "schemas", "Problem"];
  const seeded: readonly (readonly [what: string, path: readonly string[], value: unknown])[] = [
    ["a version of the past", ["openapi"], "3.0.3"],
    ["no title", ["info", "title"], undefined],
    ["an undeclared path parameter", [...crate, "parameters"], []],
    ["a parameter of no path", [...parameter, "name"], "other"],
    ["an optional path parameter", [...parameter, "required"], false],
    ["a parameter without a schema", [...parameter, "schema"], undefined],
    ["a type that is none", [...parameter, "schema", "type"], "text"],
    ["a dangling reference", problem, undefined],
    ["a repeated operationId", [...crate, "operationId"], "list_crates"],
    ["no answers", [...crate, "responses"], {}],
    ["a status that is none", [...crate, "responses", "6XX"], { $ref: "#/components/responses/Problem" }],
    ["a body on GET", [...crate, "requestBody"], { required: true, content: {} }],
    ["an unknown verb", [...crate.slice(0, 2), "fetch"], {}],
    ["an undefined security scheme", ["security", "0", "other"], []],
    ["an undeclared tag", ["tags"], []],
    ["a required member that is not declared", [...problem, "required", "0"], "missing"],
    ["nullable of 3.0", [...problem, "properties", "hint", "nullable"], true],
  ];
  for (const [what, path, value] of seeded) {
    const copy = structuredClone(openapi(crateOperations, about));
    const last = path.at(-1) ?? "";
    const holder = path.slice(0, -1).reduce<object>((at, part) => Reflect.get(at, part) as object, copy);
    if (value === undefined)
      assert.ok(Reflect.has(holder, last) && Reflect.deleteProperty(holder, last), what);
    else Reflect.set(holder, last, value);
    assert.notDeepEqual(structuralFaults(copy), [], `${what} is not noticed`);
  }
});

test("every operation is there once, under its path and verb, with its scope, effect and every field", () => {
  assert.equal(operationsOf(document).length, crateOperations.length);
  for (const it of crateOperations) {
    const path = `/api/v1${it.path.replaceAll(/:(\w+)/g, "{$1}")}`;
    const found = operationsOf(document).find((each) => each.it.operationId === it.name);
    assert.deepEqual([found?.path, found?.verb], [path, it.verb.toLowerCase()]);
    assert.equal(found?.it["x-sluice-scope"], it.scope);
    assert.equal(found.it["x-sluice-effect"], it.effect);
    assert.equal(found.it.description, it.does);
    const declared = JSON.stringify([found.it.parameters, found.it.requestBody]);
    for (const field of Object.keys(it.input.shape)) assert.ok(declared.includes(`"${field}"`), field);
    for (const field of Object.keys(it.output.shape)) assert.ok(field in answerOf(found.it), field);
  }
});

test("a path parameter is not asked for again in the body", () => {
  assert.deepEqual(Object.keys(bodyOf("update_crate").properties), [
    "expectedVersion",
    "note",
    "weight",
    "workspaceId",
    "dryRun",
  ]);
  assert.deepEqual(bodyOf("create_crate").required, ["label"]);
});

test("writes take an idempotency key, reads do not", () => {
  const key = { $ref: "#/components/parameters/IdempotencyKey" };
  const takesKey = (name: string): boolean =>
    operation(name).parameters.some((it) => "$ref" in it && it.$ref === key.$ref);
  assert.deepEqual(["create_crate", "ship_crate", "get_crate"].map(takesKey), [true, true, false]);
});

test("what has a version says how it is changed safely, and how it is not read twice", () => {
  const taken = (name: string) =>
    operation(name).parameters.flatMap((it) => ("$ref" in it ? it.$ref.split("/").slice(-1) : []));
  assert.deepEqual(taken("update_crate"), ["IdempotencyKey", "IfMatch", "RequestId"]);
  assert.deepEqual(taken("get_crate"), ["IfNoneMatch", "RequestId"]);
  assert.deepEqual(taken("list_crates"), ["RequestId"]);
  assert.deepEqual(operation("get_crate").responses["304"], { $ref: "#/components/responses/NotModified" });
  assert.equal(operation("list_crates").responses["304"], undefined);
});

test("a secret is write-only, and any value at all is the empty schema", () => {
  const { properties } = bodyOf("create_crate");
  assert.equal(properties["seal"]?.writeOnly, true);
  assert.deepEqual(properties["contents"], { description: "Anything at all." });
  assert.doesNotMatch(JSON.stringify(document), /\$defs|__schema/);
});

test("a schema that refers to itself becomes a component", () => {
  const Node: z.ZodType = z.lazy(() => z.object({ name: z.string(), below: z.array(Node).optional() }));
  const grow = read({
    name: "grow",
    title: "Grow",
    does: "Grows.",
    verb: "GET",
    path: "/trees",
    scope: "trees:read",
    input: z.object({}),
    output: z.object({ tree: Node }),
    run: async () => ({ tree: {} }),
  });
  const within = described([grow]);
  assert.match(
    answerOf(operation("grow", within))["tree"]?.$ref ?? "",
    /^#\/components\/schemas\/grow_output/,
  );
});

test("operations are grouped by plane where that is known, else by path", () => {
  assert.deepEqual(operation("show_seal").tags, ["seal"]);
  assert.deepEqual(described(crateOperations, { planeOf: () => "account" }).tags, [{ name: "account" }]);
});

test("it is served once the address is known, and is relative to itself until then", async () => {
  assert.deepEqual(described(crateOperations, { publicUrl: "" }).servers, [{ url: "/" }]);
  let publicUrl = "";
  const app = openapiApp(crateOperations, {
    version: "1",
    get publicUrl() {
      return publicUrl;
    },
  });
  publicUrl = "http://127.0.0.1:8080";
  const response = await app.request("/openapi.json");
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.deepEqual(Document.parse(await response.json()).servers, [{ url: publicUrl }]);
});
