export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, SqlValue>>;

/** Rows as lists of values in the order of the columns. */
export type Table = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
};

export function rowsOf({ columns, rows }: Table): readonly Row[] {
  return rows.map((values) => {
    const row: Record<string, SqlValue> = {};
    for (const [place, column] of columns.entries()) row[column] = values[place] ?? null;
    return row;
  });
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

/** The numbers in one column by the texts in another. */
export function numbersBy(rows: readonly Row[], text: string, number: string): ReadonlyMap<string, number> {
  return new Map(rows.map((row) => [textOf(row, text), numberOf(row, number)]));
}
