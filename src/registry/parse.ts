import type { z } from "zod";
import { Failure } from "../kernel/failure.ts";

const problemsMax = 20;

type Problem = { readonly pointer: string; readonly message: string; readonly allowed?: readonly string[] };

/**
 * Parses a caller's input. Unknown members are errors, since a misspelt argument that is ignored does the wrong thing.
 *
 * @throws Failure invalid with a JSON pointer to every problem (at most 20), what is allowed there, and a hint
 */
export function parseInput<S extends z.ZodObject>(shape: S, raw: unknown): z.output<S> {
  const parsed = shape.safeParse(raw);
  if (parsed.success) return parsed.data;
  const members = Object.keys(shape.shape);
  const problems = parsed.error.issues.slice(0, problemsMax).flatMap((issue) => problemsOf(issue, members));
  const first = problems[0] ?? { pointer: "", message: "Invalid input." };
  throw new Failure("invalid", first.message, {
    pointer: first.pointer,
    ...(first.allowed && { allowed: first.allowed }),
    hint: hintOf(parsed.error.issues[0], members),
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
  const near = members.find(
    (member) => distance(member.toLowerCase(), issue.keys[0]?.toLowerCase() ?? "") <= 2,
  );
  return near === undefined ? `Fields: ${members.join(", ")}.` : `Did you mean "${near}"?`;
}

/** RFC 6901. */
function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 100)}`)
    .join("");
}

/** Levenshtein distance of two short words; long ones are never near. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2 || a.length > 40) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
