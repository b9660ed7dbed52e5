/** Reads JSON that others wrote: what is not where it belongs, or is of another type, counts as absent. */

/** Own members alone: a name such as `__proto__` is none. */
export function memberOf(of: unknown, name: string): unknown {
  if (typeof of !== "object" || of === null || !Object.hasOwn(of, name)) return undefined;
  const value: unknown = Reflect.get(of, name);
  return value;
}

export function listOf(of: unknown, name: string): readonly unknown[] {
  const value = memberOf(of, name);
  return Array.isArray(value) ? value : [];
}

/** "" = absent. */
export function textOf(of: unknown, name: string): string {
  const value = memberOf(of, name);
  return typeof value === "string" ? value : "";
}

/** undefined = absent. */
export function numberOf(of: unknown, name: string): number | undefined {
  const value = memberOf(of, name);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
