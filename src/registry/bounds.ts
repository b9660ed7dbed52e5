import type { JsonSchema } from "./field.ts";

/** The bounds of a number, text or list in words, such as `1 to 120` or `at most 50 items`; empty when it has none. */
export function boundsOf({ minimum, maximum, minLength, maxLength, minItems, maxItems }: JsonSchema): string {
  const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  return (
    range(least, most, "") ||
    range(minLength, maxLength, " characters") ||
    range(minItems, maxItems, " items")
  );
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined && most === undefined) return "";
  if (most === undefined) return `at least ${least}${unit}`;
  return least === undefined ? `at most ${most}${unit}` : `${least} to ${most}${unit}`;
}
