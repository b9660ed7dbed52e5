import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openWorld, principalOf, bearing, type World } from "../../test/world.ts";
import type { Principal } from "../kernel/principal.ts";
import { callRate, rateLimited } from "./call-rate.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

const holding = (id: string): Principal => ({
  ...principalOf("ws_1", "all"),
  credential: { kind: "api-key", id },
});

test("each credential has calls of its own, counted anew every minute", async () => {
  const rate = callRate(2, world.engines)!;
  const [first, second] = [holding("key_first"), holding("key_second")];
  world.clock.advance(60_000 - (world.clock.now() % 60_000));
  const resetAt = world.clock.now() + 60_000;
  assert.deepEqual(await rate.take(first), { allowed: true, left: 1, resetAt });
  assert.deepEqual(await rate.take(first), { allowed: true, left: 0, resetAt });
  assert.deepEqual(await rate.take(first), { allowed: false, left: 0, resetAt });
  assert.equal((await rate.take(second)).left, 1);
  world.clock.advance(60_000);
  assert.equal((await rate.take(first)).left, 1);
});

test("whoever goes on calling after the limit is refused without counting on", async () => {
  let hits = 0;
  const { counters } = world.engines;
  const counted = {
    ...counters,
    hit: (...asked: Parameters<typeof counters.hit>) => (hits++, counters.hit(...asked)),
  };
  const rate = callRate(1, { clock: world.clock, counters: counted })!;
  for (let n = 0; n < 50; n++) await rate.take(holding("key_insistent"));
  assert.equal(hits, 2);
});

test("0 is no limit", () => {
  assert.equal(callRate(0, world.engines), undefined);
});

test("a surface that is handed a limited sign-in refuses one call too many, and says when to come back", async () => {
  const rate = callRate(1, world.engines);
  const authenticate = rateLimited(async () => holding("key_tools"), rate, world.engines);
  assert.equal((await authenticate(bearing("Bearer mk_fake"))).credential.id, "key_tools");
  await assert.rejects(authenticate(bearing("Bearer mk_fake")), {
    kind: "limited",
    message: "This credential has made its 1 calls of this minute.",
    detail: {
      retryAfterMs: 60_000 - (world.clock.now() % 60_000),
      hint: "Wait, then go on. SLUICE_API_RATE sets how many calls a minute one credential may make.",
    },
  });
});
