import { DatabaseSync, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { zstdDecompressSync } from "node:zlib";
import { textOf, type SqlValue, type Table } from "../stored/row.ts";
import { addHistogramAggregate } from "./histogram-aggregate.ts";
import { labelOf } from "./named-column.ts";
import { problemOf, type Reply } from "./worker-link.ts";

/** A read-only connection: answers `{ sql, params }` with all rows, as a `Table`. */
type Request = {
  readonly id: number;
  readonly request: { readonly sql: string; readonly params: readonly SqlValue[] };
};

const statementsMax = 200;
const unpackedMax = 8;
const namesMax = 20_000;

// Given by `openTrafficFile`.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { path } = workerData as { readonly path: string };
let database: DatabaseSync | undefined;
const statements = new Map<string, Prepared>();
const unpacked = new Map<SqlValue, Uint8Array>();
const names = new Map<number, string>();
let findName: StatementSync | undefined;

parentPort?.on("message", ({ id, request }: Request) => {
  parentPort?.postMessage(answer(id, request));
});

function answer(id: number, { sql, params }: Request["request"]): Reply {
  try {
    // Blocks may have been rewritten since the last query (redaction), under the same id.
    unpacked.clear();
    return { id, value: tableOf(prepared(sql), params) };
  } catch (error) {
    return { id, problem: problemOf(error) };
  }
}

type Prepared = {
  readonly statement: StatementSync;
  readonly columns: readonly string[];
  /** Places of the columns whose numbers stand for names. */
  readonly named: readonly number[];
};

function prepared(sql: string): Prepared {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  if (statements.size >= statementsMax) statements.clear();
  const statement = connection().prepare(sql);
  // Objects take three times as long to be made and to be copied to the other thread.
  statement.setReturnArrays(true);
  const labels = statement.columns().map(({ name }) => labelOf(name));
  const fresh = {
    statement,
    columns: labels.map(({ name }) => name),
    named: labels.flatMap((label, place) => (label.named ? [place] : [])),
  };
  statements.set(sql, fresh);
  return fresh;
}

function tableOf({ statement, columns, named }: Prepared, params: readonly SqlValue[]): Table {
  // What `setReturnArrays` makes of it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const rows = statement.all(...params) as unknown as SqlValue[][];
  for (const row of rows)
    for (const place of named) {
      const value = row[place];
      if (typeof value === "number") row[place] = nameOf(value);
    }
  return { columns, rows };
}

/** Names never change and are never removed. */
function nameOf(code: number): string {
  const known = names.get(code);
  if (known !== undefined) return known;
  if (names.size >= namesMax) names.clear();
  findName ??= connection().prepare("select text from name where id = ?");
  const text = textOf(findName.get(code) ?? {}, "text");
  names.set(code, text);
  return text;
}

function connection(): DatabaseSync {
  if (database !== undefined) return database;
  const opened = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
  opened.exec("pragma cache_size = -32768; pragma temp_store = memory");
  opened.function("content_of", { deterministic: true }, contentOf);
  addHistogramAggregate(opened);
  database = opened;
  return opened;
}

/** One exchange's content out of a block; the last few blocks stay unpacked, since lists read neighbours. */
function contentOf(block: SqlValue, data: SqlValue, at: SqlValue, size: SqlValue): Uint8Array | null {
  if (!(data instanceof Uint8Array)) return null;
  let whole = unpacked.get(block);
  if (whole === undefined) {
    whole = zstdDecompressSync(data);
    if (unpacked.size >= unpackedMax) unpacked.clear();
    unpacked.set(block, whole);
  }
  return whole.subarray(Number(at), Number(at) + Number(size));
}
