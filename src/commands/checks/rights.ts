import { dataParts, localParts } from "../../engines/parts.ts";
import { tablesOf } from "../../engines/postgres/tables.ts";
import { numberOf, textOf, textOrNull } from "../../engines/stored/row.ts";
import { ok, problem } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

const sql = `select quote_ident(current_user) as role, quote_ident(current_schema()) as schema,
  has_schema_privilege(current_schema(), 'create') as may_create,
  (select string_agg(relname, ', ' order by relname) from pg_class
    where relnamespace = to_regnamespace(quote_ident(current_schema())) and relname = any ($1)
      and not pg_has_role(relowner, 'usage')) as not_owned`;

export const rights = databaseCheck("rights", [], async ({ query }) => {
  const names = ["sluice_schema", ...tablesOf([...localParts, ...dataParts])];
  const [row = {}] = await query(sql, [names]);
  const role = textOf(row, "role");
  const schema = textOrNull(row, "schema");
  if (schema === null)
    return [
      problem(
        "The search_path of the role leads to no schema.",
        `Grant it one: create schema sluice authorization ${role}; alter role ${role} set search_path = sluice;`,
      ),
    ];
  if (numberOf(row, "may_create") === 0)
    return [
      problem(
        `The role may not make tables in the schema ${schema}, and day partitions are made every day.`,
        `Grant it: grant usage, create on schema ${schema} to ${role};`,
      ),
    ];
  const others = textOrNull(row, "not_owned");
  if (others !== null)
    return [
      problem(
        `Tables belong to another role: ${others}.`,
        `Only an owner brings tables forward and makes partitions: alter table … owner to ${role};`,
      ),
    ];
  return [ok(`The role may make tables in the schema ${schema}, and owns those that are there.`)];
});
