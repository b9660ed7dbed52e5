import { DatabaseSync, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { zstdDecompressSync } from "node:zlib";
import type { SqlValue } from "../stored/row.ts";
import { addHistogramAggregate } from "./histogram-aggregate.ts";
import { problemOf, type Reply } from "./worker-link.ts";

/** A read-only connection: answers `{ sql, params }` with all rows, as a `Table`. */
type Request = {
  readonly id: number;
  readonly request: { readonly sql: string; readonly params: readonly SqlValue[] };
};

const statementsMax = 200;
const unpackedMax = 8;

// Given by `openTrafficFile`.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { path } = workerData as { readonly path: string };
let database: DatabaseSync | undefined;
const statements = new Map<string, Prepared>();
const unpacked = new Map<SqlValue, Uint8Array>();

parentPort?.on("message", ({ id, request }: Request) => {
  parentPort?.postMessage(answer(id, request));
});

function answer(id: number, { sql, params }: Request["request"]): Reply {
  try {
    // Blocks may have been rewritten since the last query (redaction), under the same id.
    unpacked.clear();
    const { statement, columns } = prepared(sql);
    return { id, value: { columns, rows: statement.all(...params) } };
  } catch (error) {
    return { id, problem: problemOf(error) };
  }
}

type Prepared = { readonly statement: StatementSync; readonly columns: readonly string[] };

function prepared(sql: string): Prepared {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  if (statements.size >= statementsMax) statements.clear();
  const statement = connection().prepare(sql);
  // Objects take three times as long to be made and to be copied to the other thread.
  statement.setReturnArrays(true);
  const fresh = { statement, columns: statement.columns().map(({ name }) => name) };
  statements.set(sql, fresh);
  return fresh;
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
