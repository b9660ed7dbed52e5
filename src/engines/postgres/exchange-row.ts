import { endings, type Ending, type Exchange, type NewExchange } from "../../kernel/exchange.ts";
import { factsText } from "../stored/content.ts";
import { exchangeFrom } from "../stored/exchange.ts";
import { type Row, textOf, textOrNull } from "../stored/row.ts";
import type { Param } from "./database.ts";
import { exchangeColumns } from "./traffic-schema.ts";

/** The columns that `exchangeOf` reads, of a table or alias `exchange`; `content` is up to the query. */
export const readColumns = exchangeColumns.map((name) => `exchange.${name}`).join(", ");

/** The columns that `paramsOf` gives values for, in order; `seq` and `number` are up to who commits. */
export const writtenColumns = exchangeColumns.filter((name) => name !== "seq" && name !== "number");

/** An exchange from a row of `readColumns`, with `content` when it has it unpacked. */
export function exchangeOf(row: Row): Exchange {
  return exchangeFrom(row, {
    id: idOf(textOf(row, "id")),
    parent: row["parent"] === null ? null : idOf(textOf(row, "parent")),
    trace: textOrNull(row, "trace"),
    ending: endingOf(textOrNull(row, "ending")),
  });
}

/** The 32 hex digits of an exchange id (`ex_` and a UUIDv7), which PostgreSQL takes for a uuid. */
export function uuidOf(id: string): string {
  return id.slice(3);
}

export function idOf(uuid: string): string {
  return `ex_${uuid}`;
}

/** @throws TypeError when it is no ending: it was not written by this release */
export function endingOf(text: string | null): Ending | null {
  const ending = endings.find((it) => it === text);
  if (ending === undefined && text !== null) throw new TypeError(`There is no ending ${text}.`);
  return ending ?? null;
}

/** Values of `writtenColumns`. */
export function paramsOf(exchange: NewExchange): Param[] {
  return [
    uuidOf(exchange.id),
    exchange.workspace,
    exchange.environment,
    exchange.bucket,
    exchange.plane,
    exchange.kind,
    exchange.subject,
    exchange.parent === null ? null : uuidOf(exchange.parent),
    exchange.trace,
    exchange.startedAt,
    exchange.durationMs,
    exchange.method,
    exchange.host,
    exchange.path,
    exchange.route,
    exchange.status,
    exchange.outcome,
    exchange.attempt,
    exchange.error,
    exchange.ending,
    exchange.receivedAt,
    factsText(exchange.facts),
  ];
}
