import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { Failure } from "../kernel/failure.ts";
import { parseInput } from "./parse.ts";

const shape = z.strictObject({
  name: z.string().min(2).optional(),
  days: z
    .union([z.literal(30), z.literal(90)])
    .nullable()
    .optional(),
  id: z.union([z.string().min(1), z.int().min(1)]).optional(),
  at: z
    .union([z.strictObject({ header: z.string() }), z.strictObject({ pointer: z.string().startsWith("/") })])
    .optional(),
  scheme: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.enum(["a", "b"]), size: z.int() }),
      z.object({ kind: z.literal("c") }),
    ])
    .optional(),
  anything: z.json().optional(),
});

const told: readonly (readonly [
  does: string,
  input: unknown,
  pointer: string,
  message: string,
  allowed?: readonly string[],
])[] = [
  ["no object", 7, "", "The input: expected object, received number."],
  [
    "a value of none of the kinds of a union",
    { id: true },
    "/id",
    '"id": expected string or number.',
    ["string", "number"],
  ],
  [
    "a value of one of the kinds, out of its bounds",
    { id: 0 },
    "/id",
    '"id": Too small: expected number to be >=1.',
  ],
  ["a value that is none of several", { days: 7 }, "/days", '"days": expected 30 or 90.', ["30", "90"]],
  [
    "a member of the object it comes nearest to",
    { at: { pointer: "type" } },
    "/at/pointer",
    '"at.pointer": Invalid string: must start with "/".',
  ],
  [
    "a kind of object that there is not",
    { scheme: { kind: "d" } },
    "/scheme/kind",
    "\"scheme.kind\": Invalid discriminator value. Expected 'a' | 'b' | 'c'.",
    ["a", "b", "c"],
  ],
  [
    "a missing member of the kind that was named",
    { scheme: { kind: "a" } },
    "/scheme/size",
    '"scheme.size": is required.',
  ],
  [
    "a name that objects lose, however deep",
    { anything: [{ a: JSON.parse('{"__proto__":1}') as unknown }] },
    "/anything/0/a/__proto__",
    'No field may have the name "__proto__".',
  ],
];

for (const [does, input, pointer, message, allowed] of told)
  test(`the problem is told by place and by what is expected: ${does}`, () => {
    assert.throws(
      () => parseInput(shape, input),
      (error: unknown) => {
        assert.ok(error instanceof Failure);
        assert.deepEqual([error.detail.pointer, error.message], [pointer, message]);
        if (allowed !== undefined) assert.deepEqual(error.detail.allowed, allowed);
        return true;
      },
    );
  });
