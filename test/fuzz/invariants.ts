import assert from "node:assert/strict";
import type { Exchange } from "../../src/kernel/exchange.ts";
import { planes } from "../../src/planes/planes.ts";
import type { RunningWorld } from "../running-world.ts";

const pageSize = 1_000;
const pagesMax = 100;

/** What holds of a workspace at any moment, whatever was done in it. */
export async function assertInvariants(world: RunningWorld, workspace: string): Promise<void> {
  await assertRecords(world, workspace);
  assertExchanges(await exchangesOf(world, workspace));
}

/** Versions count up from one without a gap, each state follows from the one before, and unique keys are unique. */
async function assertRecords({ engines }: RunningWorld, workspace: string): Promise<void> {
  const { records, audit } = engines.store;
  for (const resource of planes.flatMap(({ resources }) => resources)) {
    const live = await records.find(workspace, resource.kind, { limit: pageSize });
    const keys = live.flatMap(({ value }) =>
      Object.entries(resource.keys(resource.shape.parse(value))).map((key) => key.join("=")),
    );
    assert.equal(new Set(keys).size, keys.length, `unique keys of ${resource.kind}: ${keys.join()}`);
    assert.equal(new Set(live.map(({ id }) => id)).size, live.length, "ids are unique");
  }
  const audited = await audit.list(workspace, { limit: pageSize });
  assert.equal(new Set(audited.map(({ id }) => id)).size, audited.length);
  const changes = (await Promise.all(audited.map(({ id }) => audit.changes(workspace, id)))).flat();
  for (const [id, [change]] of Map.groupBy(changes, (it) => it.id)) {
    assert.ok(change);
    const history = (await records.history(workspace, change.kind, id, pageSize)).toReversed();
    assert.deepEqual(
      history.map(({ version }) => version),
      history.map((_, n) => n + 1),
      `the versions of ${id}`,
    );
    for (const [n, { before }] of history.entries()) assert.deepEqual(before, history[n - 1]?.after ?? null);
    const record = await records.get(workspace, change.kind, id, "deleted too");
    assert.equal(record?.version, history.length);
    assert.deepEqual(record.deletedAt === null ? record.value : null, history.at(-1)?.after?.value ?? null);
  }
}

/** All that is stored of a workspace, as it was committed. Fails above 100,000 rows. */
export async function exchangesOf(
  { engines }: RunningWorld,
  workspace: string,
): Promise<readonly Exchange[]> {
  const all: Exchange[] = [];
  let position = 0;
  for (let n = 0; n < pagesMax; n++) {
    const page = await engines.ledger.since(workspace, position, { limit: pageSize });
    if (page.rows.length === 0) return all;
    all.push(...page.rows);
    position = page.position;
  }
  return assert.fail("there are more exchanges than a test makes");
}

/** Ids and numbers are unique, and no event ends twice. */
function assertExchanges(all: readonly Exchange[]): void {
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length, "ids are unique");
  const numbers = all.flatMap(({ number }) => number ?? []);
  assert.equal(new Set(numbers).size, numbers.length, "numbers are unique");
  const ended = all
    .filter(({ ending }) => ending !== null)
    .map(({ id, parent, attempt }) => (attempt === null ? id : parent));
  assert.equal(new Set(ended).size, ended.length, "an event ends once");
}
