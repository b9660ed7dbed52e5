import type { z } from "zod";
import { Failure } from "../kernel/failure.ts";
import { nearest } from "./near.ts";

const problemsMax = 20;
/** Recursive schemas and JSON itself are walked by recursion; nothing real is nested deeper. */
const depthMax = 64;

type Problem = { readonly pointer: string; readonly message: string; readonly allowed?: readonly string[] };

/**
 * Parses a caller's input. Unknown members are errors, since a misspelt argument that is ignored does the wrong thing.
 *
 * @throws Failure invalid with a JSON pointer to every problem (at most 20), what is allowed there, and a hint
 */
export function parseInput<S extends z.ZodObject>(shape: S, raw: unknown): z.output<S> {
  const misfit = misfitIn(raw, []);
  if (misfit !== undefined) throw new Failure("invalid", misfit.message, { pointer: misfit.pointer });
  const parsed = shape.safeParse(raw);
  if (parsed.success) return parsed.data;
  const members = Object.keys(shape.shape);
  // A misspelt field is the cause when a required one is missing: it is named first.
  const issues = parsed.error.issues.toSorted((a, b) => Number(isUnknown(b)) - Number(isUnknown(a)));
  const problems = issues.slice(0, problemsMax).flatMap((issue) => problemsOf(issue, members));
  const first = problems[0] ?? { pointer: "", message: "Invalid input." };
  throw new Failure("invalid", first.message, {
    pointer: first.pointer,
    ...(first.allowed && { allowed: first.allowed }),
    hint: hintOf(issues[0], members),
    ...(problems.length > 1 && { problems: problems.map(({ pointer, message }) => ({ pointer, message })) }),
  });
}

function problemsOf(issue: z.core.$ZodIssue, members: readonly string[]): readonly Problem[] {
  const at = pointerOf(issue.path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, problemsMax).map((key) => ({
      pointer: pointerOf([...issue.path, key]),
      message: `Unknown field "${key.slice(0, 100)}".`,
      ...(issue.path.length === 0 && { allowed: members }),
    }));
  const name = issue.path.length === 0 ? "The input" : `"${issue.path.map(String).join(".")}"`;
  return [{ pointer: at, message: `${name}: ${saidBy(issue)}.`, ...allowedBy(issue) }];
}

function isUnknown({ code }: z.core.$ZodIssue): boolean {
  return code === "unrecognized_keys";
}

function saidBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) return "is required";
  const message = issue.message.replace(/^Invalid input: /, "");
  return message.replace(/\.$/, "");
}

function allowedBy(issue: z.core.$ZodIssue): { readonly allowed?: readonly string[] } {
  return issue.code === "invalid_value" ? { allowed: issue.values.map(String) } : {};
}

function hintOf(issue: z.core.$ZodIssue | undefined, members: readonly string[]): string {
  if (issue?.code !== "unrecognized_keys") return `Fields: ${members.join(", ")}.`;
  const near = nearest(issue.keys[0] ?? "", members);
  return near === undefined ? `Fields: ${members.join(", ")}.` : `Did you mean "${near}"?`;
}

/** What no schema allows: nesting without end, and text that cannot be written as UTF-8. */
function misfitIn(value: unknown, path: string[]): Problem | undefined {
  if (typeof value === "string" && !value.isWellFormed())
    return { pointer: pointerOf(path), message: "Text holds half of a surrogate pair." };
  if (typeof value !== "object" || value === null) return undefined;
  if (path.length >= depthMax)
    return { pointer: pointerOf(path), message: `Nested more than ${depthMax} levels deep.` };
  for (const [key, inner] of Object.entries(value)) {
    path.push(key);
    const found = misfitIn(inner, path) ?? misfitIn(key, []);
    if (found !== undefined) return found;
    path.pop();
  }
  return undefined;
}

/** A JSON Pointer (RFC 6901); long names are cut. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 100)}`)
    .join("");
}
