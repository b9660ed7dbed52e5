import { exchangeTimeMs } from "../../../kernel/id.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { named } from "../../sqlite/traffic-schema.ts";
import { textOf } from "../../stored/row.ts";
import { refuseManyIds } from "../bounds.ts";

export async function knownOf(
  file: TrafficFile,
  workspace: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  refuseManyIds(ids);
  const sought = ids.filter((id) => exchangeTimeMs(id) !== undefined).map((id) => id.slice(3));
  const rows = await file.read(
    `select lower(hex(exchange.id)) as id from json_each(?) as sought
    cross join exchange on exchange.id = unhex(sought.value) where exchange.workspace = ${named}`,
    [JSON.stringify(sought), workspace],
  );
  return new Set(rows.map((row) => `ex_${textOf(row, "id")}`));
}
