import type { NewExchange } from "../../kernel/exchange.ts";
import type { Condition, Field } from "./ledger.ts";

/** Whether the row is like that, by brute force: what any engine must agree with. */
export function fulfils(row: NewExchange, condition: Condition): boolean {
  if ("all" in condition) return condition.all.every((part) => fulfils(row, part));
  if ("any" in condition) return condition.any.some((part) => fulfils(row, part));
  if ("not" in condition) return !fulfils(row, condition.not);
  const value = valueOf(row, condition.field);
  return value !== null && isSo(value, condition);
}

function isSo(value: string | number, asked: Extract<Condition, { field: Field }>): boolean {
  if ("is" in asked) return asked.is.includes(value);
  if ("like" in asked) return typeof value === "string" && isLike(value, asked.like);
  if ("present" in asked) return true;
  const { atLeast = -Infinity, atMost = Infinity } = asked;
  return typeof value === "number" && value >= atLeast && value <= atMost;
}

function valueOf(row: NewExchange, field: Field): string | number | null {
  if (isColumn(field)) return row[field];
  const value = Object.entries(row.facts).find(([name]) => `facts.${name}` === field)?.[1] ?? null;
  return typeof value === "boolean" ? String(value) : value;
}

function isColumn(field: Field): field is Exclude<Field, `facts.${string}`> {
  return !field.startsWith("facts.");
}

function isLike(text: string, pattern: string): boolean {
  const literals = pattern
    .split("*")
    .map((literal) => literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  return new RegExp(`^${literals.join(".*")}$`, "s").test(text);
}
