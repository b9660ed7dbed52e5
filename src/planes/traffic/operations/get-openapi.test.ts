import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { corpus } from "../../../../test/route-corpus.ts";
import { scenarios, type Place, type Scenario } from "../../../../test/scenario.ts";
import { articles, seenApi } from "../../../../test/seen-api.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { getOpenapi } from "./get-openapi.ts";

const phases = ["open", "paid", "closed"];

async function given(_call: unknown, place: Place): Promise<Output> {
  await seenApi(place, [
    ...articles(12),
    ...Array.from({ length: 40 }, (_, n) => ({
      method: "POST",
      target: `/orders/${n}/lines?dry=1`,
      status: 201,
      headers: [["X-Shop-Region", "eu"]] as const,
      request: { phase: phases[n % 3], count: n, ...(n % 2 === 0 && { weight: 1.5 }) },
      response: {
        id: "0190b2c4-0000-7000-8000-000000000001",
        at: "2026-11-20T12:00:00Z",
        owner: n === 0 ? null : 7,
      },
    })),
    { method: "DELETE", target: "/orders/7", route: "/orders/:id", status: 204 },
    { target: "/orders/7", route: "/orders/:orderId", response: [{ n: 1 }, {}] },
    {
      target: "/files/a/b",
      route: "/files/*",
      response: { "0190b2c4-0000-7000-8000-000000000001": { size: 1 } },
    },
  ]);
  return {};
}

function refused(name: string, input: Output, pointer: string): Scenario {
  return { name, scopes: "all", given, input, fails: { kind: "invalid", pointer }, leaves: {} };
}

scenarios(getOpenapi, [
  {
    name: "describes what was asked and answered",
    scopes: ["traffic:read"],
    given,
    input: { path: "/orders/*/lines" },
    gives: {
      bucket: "default",
      routes: 1,
      left: 0,
      untrusted: {
        document: {
          openapi: "3.1.0",
          info: { title: "default of production" },
          paths: {
            "/orders/{number}/lines": {
              post: {
                parameters: [
                  { name: "number", in: "path", required: true, schema: { type: "number" } },
                  { name: "dry", in: "query", required: true },
                  { name: "x-shop-region", in: "header", required: true },
                ],
                requestBody: {
                  required: true,
                  content: {
                    "application/json": {
                      schema: {
                        type: "object",
                        properties: {
                          phase: { type: "string", enum: ["closed", "open", "paid"] },
                          count: { type: "integer" },
                          weight: { type: "number" },
                        },
                        required: ["count", "phase"],
                      },
                    },
                  },
                },
                responses: {
                  "201": {
                    description: "Answered 40 times or more.",
                    content: {
                      "application/json": {
                        schema: {
                          properties: {
                            id: { type: "string", format: "uuid" },
                            at: { type: "string", format: "date-time" },
                            owner: { type: ["integer", "null"] },
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    leaves: {},
  },
  {
    name: "routes that differ in the names of their parameters are one path",
    scopes: ["traffic:read"],
    given,
    input: { path: "/orders/:*" },
    gives: {
      routes: 2,
      untrusted: {
        document: { paths: { "/orders/{id}": { delete: {}, get: { parameters: [{ name: "id" }] } } } },
      },
    },
    leaves: {},
  },
  {
    name: "objects whose names are ids are maps",
    scopes: ["traffic:read"],
    given,
    input: { path: "/files/*" },
    gives: {
      untrusted: {
        document: {
          paths: {
            "/files/{rest}": {
              get: {
                responses: {
                  "200": {
                    content: {
                      "application/json": {
                        schema: {
                          type: "object",
                          additionalProperties: { type: "object", properties: { size: { type: "integer" } } },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    leaves: {},
  },
  {
    name: "a bucket without traffic has an empty document",
    scopes: ["traffic:read"],
    input: { environment: "staging", bucket: "shop" },
    gives: { routes: 0, left: 0, untrusted: { document: { paths: {} } } },
    leaves: {},
  },
  refused("a bucket that is not there", { bucket: "nowhere" }, "/bucket"),
  refused("a document of next to nothing", { bytesMax: 1 }, "/bytesMax"),
]);

async function documentOf(give: (place: Place) => Promise<unknown>, input: object) {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    await give({ ...world, workspace });
    const answer = await invoke(getOpenapi, input, callerOf(principalOf(workspace, "all")), world.engines);
    return { answer, document: (answer["untrusted"] as { document: Record<string, unknown> }).document };
  } finally {
    await world.close();
  }
}

async function assertValid(document: Record<string, unknown>): Promise<void> {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
}

test("the document is valid OpenAPI 3.1", async () => {
  const { document } = await documentOf((place) => given(undefined, place), {});
  assert.equal(Object.keys(document["paths"] as object).length, 4);
  await assertValid(document);
  await assert.rejects(assertValid({ ...document, paths: { "no-slash": { get: { responses: 1 } } } }));
});

test("a document of a whole API is valid, and says what did not fit", async () => {
  const asked = corpus(3_000).map(({ exchange }) => ({
    method: exchange.method,
    target: exchange.path,
    status: exchange.status ?? 0,
    response: JSON.parse(new TextDecoder().decode(exchange.response?.body?.bytes)) as unknown,
  }));
  const give = async (place: Place) => {
    for (let n = 0; n < asked.length; n += 1_000) await seenApi(place, asked.slice(n, n + 1_000));
  };
  const { answer, document } = await documentOf(give, { bytesMax: 8_192 });
  assert.ok(Buffer.byteLength(JSON.stringify(document)) <= 8_192);
  assert.ok(Number(answer["left"]) > 10);
  await assertValid(document);
  const whole = await documentOf(give, { bytesMax: 8_388_608 });
  assert.equal(whole.answer["left"], 0);
  await assertValid(whole.document);
});
