import { endings, type Ending, type Exchange } from "../../kernel/exchange.ts";
import { textOf, type Row, type SqlValue } from "../stored/row.ts";
import { exchangeFrom } from "../stored/exchange.ts";

/**
 * The 16 bytes of an exchange id (`ex_` + 32 hex).
 *
 * @throws RangeError when the text is no exchange id: a bug of the caller, who makes ids with `newExchangeId`
 */
export function idBytes(id: string): Uint8Array {
  return hexBytes(id.startsWith("ex_") ? id.slice(3) : id);
}

export function idText(bytes: Uint8Array): string {
  return `ex_${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

/** The 16 bytes behind 32 hex characters, such as a W3C trace id. */
export function hexBytes(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, "hex");
  if (hex.length !== 32 || bytes.length !== 16) throw new RangeError("Expected 32 hex characters.");
  return bytes;
}

/** An exchange from a row of `exchangeColumns`, with or without its content. */
export function exchangeOf(row: Row): Exchange {
  const [parent, trace] = [textOf(row, "parent"), textOf(row, "trace")];
  return exchangeFrom(row, {
    id: `ex_${textOf(row, "id")}`,
    parent: parent === "" ? null : `ex_${parent}`,
    trace: trace === "" ? null : trace,
    ending: endingOf(row["ending"] ?? null),
  });
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
