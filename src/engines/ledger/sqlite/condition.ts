import { compiled, type AskedNumber, type AskedText, type Dialect } from "../condition.ts";
import type { Condition, TextField } from "../ledger.ts";
import { anyNamed, clause, joined, type Clause } from "./clause.ts";

/** What the condition demands of the row `candidate`. @throws Failure, RangeError as `compiled` does */
export function conditionClause(condition: Condition): Clause {
  return compiled(condition, dialect);
}

const dialect: Dialect<Clause> = {
  all: (parts) => together(parts, " and ", "true"),
  any: (parts) => together(parts, " or ", "false"),
  not: (part) => joined([clause("("), part, clause(") is not true")], ""),
  isText: (asked, texts) =>
    asked.column !== undefined && isNamed(asked.column)
      ? anyNamed(`candidate.${asked.column}`, texts)
      : joined([textOf(asked), clause(among, JSON.stringify(texts))], ""),
  isNumber: (asked, numbers) => joined([numberOf(asked), clause(among, JSON.stringify(numbers))], ""),
  within: (asked, atLeast, atMost) =>
    joined([numberOf(asked), clause(" between ? and ?", atLeast, atMost)], ""),
  like: (asked, literals) => joined([textOf(asked), clause(" glob ?", literals.map(escaped).join("*"))], ""),
  present: ({ column, fact }) =>
    fact === undefined
      ? clause(`candidate.${column} is not null`)
      : clause("exists (select 1 from json_each(candidate.facts) where key = ?)", fact),
};

const among = " in (select value from json_each(?))";

function together(parts: readonly Clause[], by: string, none: string): Clause {
  return parts.length === 0 ? clause(none) : joined([clause("("), joined(parts, by), clause(")")], "");
}

/** The text of each row: looked up there, since a list that is walked newest first ends before many are. */
function textOf({ column, fact }: AskedText): Clause {
  if (fact !== undefined)
    return clause(
      `(select case type when 'text' then value when 'true' then 'true' when 'false' then 'false' end
        from json_each(candidate.facts) where key = ?)`,
      fact,
    );
  if (column === "trace")
    return clause("case when candidate.trace is not null then lower(hex(candidate.trace)) end");
  const name = `(select text from name where name.id = candidate.${column})`;
  return clause(
    column === "host" || column === "path"
      ? `case typeof(candidate.${column}) when 'integer' then ${name} else candidate.${column} end`
      : name,
  );
}

/** Whether the column has nothing but ids of names. */
function isNamed(column: TextField): boolean {
  return column !== "host" && column !== "path" && column !== "trace";
}

function numberOf({ column, fact }: AskedNumber): Clause {
  return fact === undefined
    ? clause(`candidate.${column}`)
    : clause(
        "(select value from json_each(candidate.facts) where key = ? and type in ('integer', 'real'))",
        fact,
      );
}

/** What stands for itself in a pattern of `glob`. */
function escaped(literal: string): string {
  return literal.replaceAll(/[[?]/g, "[$&]");
}
