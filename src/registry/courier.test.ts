import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { schemaPlace } from "../../test/engines/places.ts";
import { openWorld } from "../../test/world.ts";
import { changeOf, commitOf } from "../engines/store/conformance/trial.ts";
import { postgresStore } from "../engines/store/postgres.ts";
import { storePart } from "../engines/store/postgres/schema.ts";
import { startCaretaker } from "./caretaker.ts";
import { startCourier } from "./courier.ts";
import type { Upkeep } from "./plane.ts";

const lookEveryMs = 20;

async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(lookEveryMs);
}

/** Two processes on one database, with all that is not shared from one world. */
async function openTwo() {
  const world = await openWorld();
  const place = await schemaPlace(storePart, postgresStore);
  const stores = [await place.open(world.clock), await place.open(world.clock)] as const;
  const engines = stores.map((store) => ({ ...world.engines, store }));
  return {
    stores,
    engines,
    async close() {
      for (const store of stores) await store.close();
      await world.close();
    },
  };
}

test("couriers of two processes carry each message once, in commit order, and one takes over when the other ends", async () => {
  const two = await openTwo();
  const carried: string[] = [];
  let under = 0;
  const couriers = two.engines.map((engines) =>
    startCourier(
      [
        {
          name: "note",
          async handle({ payload }) {
            assert.equal(++under, 1, "one at a time");
            await sleep(1);
            carried.push(payload);
            under--;
          },
        },
      ],
      engines,
    ),
  );
  const send = (n: number) =>
    two.stores[n % 2]!.commit(
      commitOf({
        records: [changeOf(`th_${n}`)],
        outbox: [{ id: `msg_${n}`, name: "note", payload: String(n) }],
      }),
    );
  const all = Array.from({ length: 60 }, (_, n) => String(n));
  try {
    for (let n = 0; n < 40; n++) await send(n);
    await eventually(() => carried.length >= 40);
    await couriers[0]?.stop();
    await two.stores[0].close();
    for (let n = 41; n < 60; n += 2) await send(n);
    await eventually(() => carried.length >= 50);
    assert.deepEqual(carried, [...all.slice(0, 40), ...all.slice(40).filter((n) => Number(n) % 2 === 1)]);
  } finally {
    for (const courier of couriers) await courier.stop();
    await two.close();
  }
});

test("upkeep for one process is done by one of two, and upkeep for each by both", async () => {
  const two = await openTwo();
  const done: string[] = [];
  const caretakers = two.engines.map((engines, at) => {
    const upkeep = (name: string, by: Upkeep["by"]): Upkeep => ({
      name,
      by,
      everyMs: 1,
      async run() {
        done.push(`${name} ${at}`);
        return "done";
      },
    });
    return startCaretaker([upkeep("shared", "one"), upkeep("own", "each")], engines);
  });
  try {
    const count = (name: string): number => done.filter((it) => it === name).length;
    await eventually(() => count("own 0") >= 20 && count("own 1") >= 20);
    await eventually(() => count("shared 0") + count("shared 1") >= 20);
    assert.equal(Math.min(count("shared 0"), count("shared 1")), 0);
  } finally {
    for (const caretaker of caretakers) await caretaker.stop();
    await two.close();
  }
});
