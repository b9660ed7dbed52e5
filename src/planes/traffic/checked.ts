import type { z } from "zod";
import { Failure } from "../../kernel/failure.ts";

const problemsMax = 20;

/** A value in the form asked for. @throws Failure invalid that points at every place that is not */
export function checked<S extends z.ZodType>(form: S, value: unknown): z.output<S> {
  const result = form.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, problemsMax).map(problemOf);
  const [first] = problems;
  throw new Failure("invalid", first?.message ?? "This is not in the form asked for.", {
    pointer: first?.pointer ?? "",
    problems,
  });
}

/** What is wrong first, in words and with the place. */
export function problemOf({ path, message }: z.core.$ZodIssue): { pointer: string; message: string } {
  const pointer = path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return { pointer, message };
}
