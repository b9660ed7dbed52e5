import { hash } from "node:crypto";
import type { Row } from "../stored/row.ts";
import type { Param, Query } from "./database.ts";

/** A piece of SQL and the values that go where its texts meet. */
export type Sql = { readonly texts: readonly string[]; readonly params: readonly Param[] };

/** SQL with values, which are sent as parameters, and with other pieces of SQL, which become part of it. */
export function sql(texts: TemplateStringsArray, ...values: readonly (Param | Sql)[]): Sql {
  const pieces = values.flatMap((value, n) => [
    isSql(value) ? value : { texts: ["", ""], params: [value] },
    text(texts[n + 1] ?? ""),
  ]);
  return concatenated([text(texts[0] ?? ""), ...pieces]);
}

/** SQL that is a constant of ours, such as a list of columns; never anything a caller gave. */
export function text(constant: string): Sql {
  return { texts: [constant], params: [] };
}

export function joined(pieces: readonly Sql[], separator: string): Sql {
  return concatenated(pieces.flatMap((piece, n) => (n === 0 ? [piece] : [text(separator), piece])));
}

/** Runs it; `name` as for `Query.query`. */
export function ask(of: Query, asked: Sql, name?: string): Promise<readonly Row[]> {
  return of.query(written(asked), asked.params, name);
}

/** Runs it under a name made of its text, so that a connection plans it once: for what has few texts. */
export function askPlanned(of: Query, asked: Sql): Promise<readonly Row[]> {
  const statement = written(asked);
  return of.query(statement, asked.params, hash("sha256", statement, "base64url"));
}

function written({ texts }: Sql): string {
  return texts.reduce((all, piece, n) => `${all}$${n}${piece}`);
}

/** The last text of a piece and the first of the next become one. */
function concatenated(pieces: readonly Sql[]): Sql {
  const texts = [""];
  for (const [first = "", ...rest] of pieces.map((piece) => piece.texts)) {
    texts.push(`${texts.pop() ?? ""}${first}`);
    texts.push(...rest);
  }
  return { texts, params: pieces.flatMap((piece) => piece.params) };
}

function isSql(value: Param | Sql): value is Sql {
  return typeof value === "object" && value !== null && "texts" in value;
}
