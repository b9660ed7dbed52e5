import type { z } from "zod";
import { Failure } from "../kernel/failure.ts";
import { quoted } from "../kernel/quoted.ts";
import { nearNames } from "./near.ts";

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
  refuseMisfits(raw);
  const parsed = shape.safeParse(raw);
  if (parsed.success) return parsed.data;
  const members = Object.keys(shape.shape);
  // A misspelt field is the cause when a required one is missing: it is named first.
  const issues = parsed.error.issues
    .flatMap(withoutUnions)
    .toSorted((a, b) => Number(isUnknown(b)) - Number(isUnknown(a)));
  const problems = issues.slice(0, problemsMax).flatMap((issue) => problemsOf(issue, members));
  const first = problems[0] ?? { pointer: "", message: "Invalid input." };
  throw new Failure("invalid", first.message, {
    pointer: first.pointer,
    ...(first.allowed && { allowed: first.allowed }),
    hint: hintOf(issues[0], members),
    ...(problems.length > 1 && { problems: problems.map(({ pointer, message }) => ({ pointer, message })) }),
  });
}

/** @throws Failure invalid with a JSON pointer for what no schema allows, such as nesting without end */
export function refuseMisfits(raw: unknown): void {
  const misfit = misfitIn(raw, []);
  if (misfit !== undefined) throw new Failure("invalid", misfit.message, { pointer: misfit.pointer });
}

function problemsOf(issue: z.core.$ZodIssue, members: readonly string[]): readonly Problem[] {
  const at = pointerOf(issue.path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, problemsMax).map((key) => ({
      pointer: pointerOf([...issue.path, key]),
      message: `Unknown field ${quoted(key)}.`,
      ...(issue.path.length === 0 && { allowed: members }),
    }));
  const name = issue.path.length === 0 ? "The input" : quoted(issue.path.map(String).join("."));
  return [{ pointer: at, message: `${name}: ${saidBy(issue)}.`, ...allowedBy(issue) }];
}

/**
 * A value that fits no member of a union: the problems of the member it comes nearest to, the one whose kind of value
 * it is; else the union as a whole, which `saidBy` puts into words.
 */
function withoutUnions(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const [nearestMember] = issue.errors
    .filter((problems) => problems.length > 0 && !problems.some(isOfAnotherKind))
    .toSorted((a, b) => a.length - b.length);
  if (nearestMember === undefined) return [issue];
  return nearestMember.flatMap((inner) => withoutUnions({ ...inner, path: [...issue.path, ...inner.path] }));
}

function isOfAnotherKind({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

/** What the members of a union take: their values, else their kinds. */
function expectedBy({ errors }: z.core.$ZodIssueInvalidUnion): readonly string[] {
  const words = errors.flat().flatMap((inner) => {
    if (inner.code === "invalid_value") return inner.values.map(String);
    if (inner.code === "invalid_type") return [inner.expected];
    return inner.code === "invalid_union" ? expectedBy(inner) : [];
  });
  return [...new Set(words)];
}

function isUnknown({ code }: z.core.$ZodIssue): boolean {
  return code === "unrecognized_keys";
}

function saidBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) return "is required";
  if (issue.code === "invalid_union" && issue.errors.length > 0)
    return `expected ${expectedBy(issue).join(" or ")}`;
  const message = issue.message.replace(/^Invalid input: /, "");
  return message.replace(/\.$/, "");
}

function allowedBy(issue: z.core.$ZodIssue): { readonly allowed?: readonly string[] } {
  if (issue.code === "invalid_value") return { allowed: issue.values.map(String) };
  if (issue.code !== "invalid_union") return {};
  // What tells the members of a union apart, where something does; the type of the issue leaves it out.
  const told = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  return { allowed: told.length > 0 ? told : expectedBy(issue) };
}

function hintOf(issue: z.core.$ZodIssue | undefined, members: readonly string[]): string {
  if (issue?.code !== "unrecognized_keys") return `Fields: ${members.join(", ")}.`;
  const [near] = nearNames(issue.keys[0] ?? "", members);
  return near === undefined ? `Fields: ${members.join(", ")}.` : `Did you mean "${near}"?`;
}

/** What no schema allows: nesting without end, text that cannot be written as UTF-8, a name that objects lose. */
function misfitIn(value: unknown, path: string[]): Problem | undefined {
  if (typeof value === "string" && !value.isWellFormed())
    return { pointer: pointerOf(path), message: "Text holds half of a surrogate pair." };
  if (typeof value !== "object" || value === null) return undefined;
  if (path.length >= depthMax)
    return { pointer: pointerOf(path), message: `Nested more than ${depthMax} levels deep.` };
  for (const [key, inner] of Object.entries(value)) {
    path.push(key);
    if (key === "__proto__")
      return { pointer: pointerOf(path), message: 'No field may have the name "__proto__".' };
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
