import assert from "node:assert/strict";
import { z } from "zod";
import { kinds } from "../../src/kernel/failure.ts";

const Problem = z.looseObject({
  type: z.string(),
  title: z.string().min(1),
  status: z.int(),
  detail: z.string().min(1),
  code: z.enum(Object.keys(kinds)),
  pointer: z.string().optional(),
  hint: z.string().min(1).optional(),
  allowed: z.union([z.string(), z.array(z.string())]).optional(),
});

export type Problem = z.output<typeof Problem>;

/** A refusal as RFC 9457 has it, which says where it is wrong, or what would be right. */
export function assertProblem(response: Pick<Response, "status" | "headers">, text: string): Problem {
  assert.ok(response.status < 500, `${response.status} ${text}`);
  assert.equal(response.headers.get("content-type"), "application/problem+json", text);
  const problem = Problem.parse(JSON.parse(text));
  assert.equal(problem.status, response.status);
  const { pointer, hint, allowed } = problem;
  assert.ok(
    pointer !== undefined || hint !== undefined || allowed !== undefined,
    `nothing to go on: ${text}`,
  );
  return problem;
}
