import type { SqlValue } from "../../stored/row.ts";

/** A piece of SQL with the values of its `?`, in order. */
export type Clause = { readonly sql: string; readonly params: readonly SqlValue[] };

export function clause(sql: string, ...params: readonly SqlValue[]): Clause {
  return { sql, params };
}

/** Joins clauses into one, their parameters in order. */
export function joined(clauses: readonly Clause[], separator: string): Clause {
  return {
    sql: clauses.map(({ sql }) => sql).join(separator),
    params: clauses.flatMap(({ params }) => params),
  };
}

/** `(column is any of values)`. One parameter for any number of values, so that statements are few and cached. */
export function anyOf(column: string, values: readonly (string | number)[]): Clause {
  return clause(`${column} in (select value from json_each(?))`, JSON.stringify(values));
}

/** `(column is any of the texts)`, for a column that holds ids of names. */
export function anyNamed(column: string, texts: readonly string[]): Clause {
  return clause(
    `${column} in (
      select name.id from json_each(?) as wanted cross join name on name.text = wanted.value)`,
    JSON.stringify(texts),
  );
}
