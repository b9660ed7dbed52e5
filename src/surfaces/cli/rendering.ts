import { visibleText } from "./visible-text.ts";

type Members = Readonly<Record<string, unknown>>;

const tableWidthMax = 160;

/**
 * An answer for people: `key: value` lines, a table for a list of objects (blocks where it would be wider than 160
 * characters), deeper values indented. Nothing is cut.
 */
export function rendering(answer: Members): string {
  return objectLines(answer).join("\n");
}

function objectLines(value: Members): readonly string[] {
  return Object.entries(value).flatMap(([name, member]) => memberLines(visibleText(name), member));
}

function memberLines(name: string, value: unknown): readonly string[] {
  if (Array.isArray(value)) return listLines(name, value);
  if (isObject(value))
    return Object.keys(value).length === 0
      ? [`${name}: (empty)`]
      : [`${name}:`, ...indented(objectLines(value))];
  const text = cell(value);
  return text.includes("\n") ? [`${name}:`, ...indented(text.split("\n"))] : [`${name}: ${text}`];
}

function listLines(name: string, items: readonly unknown[]): readonly string[] {
  if (items.length === 0) return [`${name}: (none)`];
  const rows = items.filter(isObject);
  if (rows.length === items.length) return [`${name}:`, ...indented(tableLines(rows))];
  const cells = items.map(cell);
  const short = cells.every((text) => !/[\n,]/.test(text));
  return short
    ? [`${name}: ${cells.join(", ")}`]
    : [`${name}:`, ...cells.flatMap((text) => bullet(text.split("\n")))];
}

function tableLines(rows: readonly Members[]): readonly string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => names.map((name) => (name in row ? cell(row[name]) : "")));
  const titles = names.map(visibleText);
  const widths = titles.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const width = widths.reduce((sum, each) => sum + each + 2, 0);
  if (width > tableWidthMax || cells.flat().some((text) => text.includes("\n")))
    return rows.flatMap((row) => bullet(objectLines(row)));
  return [titles, ...cells].map((row) =>
    row
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function bullet(lines: readonly string[]): readonly string[] {
  return lines.map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`));
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

/** One value in one place: text as it is, nothing as `-`, deeper values as JSON. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  return visibleText(typeof value === "string" ? value : JSON.stringify(value));
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
