import { endings, type Ending, type Exchange } from "../../kernel/exchange.ts";
import { factsOf, messagesOf, planeOf } from "../stored/content.ts";

export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, SqlValue>>;

/**
 * The 16 bytes of an exchange id (`ex_` + 32 hex).
 *
 * @throws RangeError when the text is no exchange id: a bug of the caller, who makes ids with `newExchangeId`
 */
export function idBytes(id: string): Uint8Array {
  return hexBytes(id.startsWith("ex_") ? id.slice(3) : id);
}

export function idText(bytes: Uint8Array): string {
  return `ex_${hexText(bytes)}`;
}

/** The 16 bytes behind 32 hex characters, such as a W3C trace id. */
export function hexBytes(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, "hex");
  if (hex.length !== 32 || bytes.length !== 16) throw new RangeError("Expected 32 hex characters.");
  return bytes;
}

export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** An exchange from a row of `selectWithContent` or `selectWithoutContent`; without content its messages are empty. */
export function exchangeOf(row: Row): Exchange {
  const content = row["content"] instanceof Uint8Array ? row["content"] : undefined;
  return {
    id: idText(bytesOf(row, "id")),
    number: numberOrNull(row, "number"),
    workspace: textOf(row, "workspace"),
    environment: textOf(row, "environment"),
    bucket: textOf(row, "bucket"),
    plane: planeOf(textOf(row, "plane")),
    kind: textOf(row, "kind"),
    subject: textOf(row, "subject"),
    parent: row["parent"] instanceof Uint8Array ? idText(row["parent"]) : null,
    trace: row["trace"] instanceof Uint8Array ? hexText(row["trace"]) : null,
    startedAt: numberOf(row, "started_at"),
    durationMs: numberOf(row, "duration_ms"),
    method: textOf(row, "method"),
    host: textOf(row, "host"),
    path: textOf(row, "path"),
    route: textOf(row, "route"),
    status: numberOrNull(row, "status"),
    outcome: textOf(row, "outcome"),
    attempt: numberOrNull(row, "attempt"),
    error: textOrNull(row, "error"),
    ending: endingOf(row["ending"] ?? null),
    receivedAt: numberOf(row, "received_at"),
    facts: factsOf(textOrNull(row, "facts")),
    ...messagesOf(content),
  };
}

/** The text in a column. @throws TypeError when the column holds anything else: the schema and the query disagree */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw new TypeError(`Column ${column} holds no text.`);
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw new TypeError(`Column ${column} holds no number.`);
}

export function numberOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : numberOf(row, column);
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`Column ${column} holds no bytes.`);
}

/** How an ending is stored: the id of its name, which the schema gives it. */
export function endingCode(ending: Ending): number {
  return endings.indexOf(ending) + 1;
}

/** The ending behind its code; null stands for none. @throws TypeError when it is no such code */
export function endingOf(code: SqlValue): Ending | null {
  if (code === null) return null;
  const ending = endings[Number(code) - 1];
  if (ending === undefined) throw new TypeError(`There is no ending ${String(code)}.`);
  return ending;
}
