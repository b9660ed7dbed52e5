import { Failure } from "../../kernel/failure.ts";

export const groupsMax = 10_000;

/** `hundreds` of the status; null where there was no answer. */
export function classText(hundreds: number | null): string {
  return hundreds === null ? "none" : `${hundreds}xx`;
}

export function refuseTooMany(what: string, count: number, max: number): void {
  if (count > max)
    throw new Failure("too_large", `There are more than ${max} ${what} to measure.`, {
      allowed: `${max} ${what}`,
      hint: "Take a longer step, a shorter time or fewer subjects.",
    });
}
