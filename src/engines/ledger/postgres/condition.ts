import { joined, sql, text, type Sql } from "../../postgres/sql.ts";
import { compiled, type AskedNumber, type AskedText, type Dialect } from "../condition.ts";
import type { Condition } from "../ledger.ts";

/** What the condition demands of the row `candidate`. @throws Failure, RangeError as `compiled` does */
export function conditionSql(condition: Condition): Sql {
  return compiled(condition, dialect);
}

const dialect: Dialect<Sql> = {
  all: (parts) => together(parts, " and ", "true"),
  any: (parts) => together(parts, " or ", "false"),
  not: (part) => sql`(${part}) is not true`,
  isText: (asked, texts) => sql`${textOf(asked)} = any(${texts})`,
  isNumber: (asked, numbers) => sql`${numberOf(asked)} = any(${numbers}::double precision[])`,
  within: (asked, atLeast, atMost) =>
    sql`${numberOf(asked)} between ${atLeast}::double precision and ${atMost}::double precision`,
  like: (asked, literals) => sql`${textOf(asked)} like ${literals.map(escaped).join("%")}`,
  present: ({ column, fact }) =>
    fact === undefined
      ? text(`candidate.${column} is not null`)
      : sql`(${facts} -> ${fact}::text) is not null`,
};

function together(parts: readonly Sql[], by: string, none: string): Sql {
  return parts.length === 0 ? text(none) : sql`(${joined(parts, by)})`;
}

const facts = text("candidate.facts::json");

function textOf({ column, fact }: AskedText): Sql {
  if (column === "trace") return text("replace(candidate.trace::text, '-', '')");
  return fact === undefined
    ? text(`candidate.${column}`)
    : sql`case when json_typeof(${facts} -> ${fact}::text) <> 'number' then ${facts} ->> ${fact}::text end`;
}

function numberOf({ column, fact }: AskedNumber): Sql {
  return fact === undefined
    ? text(`candidate.${column}`)
    : sql`case when json_typeof(${facts} -> ${fact}::text) = 'number'
        then (${facts} ->> ${fact}::text)::double precision end`;
}

/** What stands for itself in a pattern of `like`. */
function escaped(literal: string): string {
  return literal.replaceAll(/[\\%_]/g, String.raw`\$&`);
}
