import assert from "node:assert/strict";
import { wallClock } from "../../kernel/clock.ts";
import type { Body, Exchange } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import { newestFirst } from "./oracle.ts";
import {
  bare,
  day,
  everything,
  ids,
  listed,
  made,
  nth,
  ours,
  plain,
  type Promised,
  theirs,
  withContent,
} from "./samples.ts";

export function readingPromises(promised: Promised): void {
  promised("an exchange reads back whole, by id and by its short number", async ({ ledger, commit }) => {
    const event = withContent("one", { trace: "0af7651916cd43dd8448eb211c80319c" });
    const attempt = withContent("two", {
      kind: "attempt",
      parent: event.id,
      attempt: 1,
      durationMs: 12.25,
      status: null,
      error: "timeout",
    });
    await commit([event, attempt]);
    const [byId, again] = [
      await ledger.get(ours, { id: event.id }),
      await ledger.get(ours, { id: attempt.id }),
    ];
    assert.deepEqual(plain(byId), plain(listed(event)));
    assert.deepEqual(plain(again), plain(listed(attempt)));
    assert.equal(again?.number, null, "attempts have no number");
    assert.deepEqual(await ledger.get(ours, { number: byId?.number ?? -1 }), byId);
  });

  promised("a truncated body keeps its true size and hash", async ({ ledger, commit }) => {
    const body: Body = {
      bytes: Buffer.from("only the sta"),
      size: 9_000_000_000,
      sha256: "ab".repeat(32),
      truncated: true,
    };
    const event = made({ request: { headers: [], body } });
    await commit([event]);
    assert.deepEqual(plain(await ledger.get(ours, { id: event.id })), plain(listed(event)));
  });

  promised("what does not exist is undefined or empty, never an error", async ({ ledger }) => {
    assert.equal(await ledger.get(ours, { id: newExchangeId(day) }), undefined);
    assert.equal(await ledger.get(ours, { id: "no such thing" }), undefined);
    assert.equal(await ledger.get(ours, { number: 1 }), undefined);
    assert.equal(await ledger.get(ours, { number: -1.5 }), undefined);
    assert.deepEqual(await ledger.children(ours, "no such thing", 10), []);
    assert.deepEqual(await ledger.attemptsOf(ours, []), []);
    assert.deepEqual(await ledger.attemptsOf(ours, ["no such thing", newExchangeId(day)]), []);
    assert.equal(await ledger.redact(ours, "no such thing", (row) => row), false);
    assert.deepEqual((await ledger.find({ workspace: ours, where: {}, limit: 1 })).rows, []);
  });
}

export function knownPromises(promised: Promised): void {
  promised("known tells which of up to 1,000 exchanges there are", async ({ ledger, commit }) => {
    const there = Array.from({ length: 600 }, () => made());
    const theirOwn = made({ workspace: theirs });
    await commit([...there, theirOwn]);
    const never = Array.from({ length: 397 }, () => newExchangeId(day));
    const sought = [...ids(there), ...never, theirOwn.id, "no such thing", nth(there, 0).id];
    assert.deepEqual(await ledger.known(ours, sought), new Set(ids(there)));
    assert.deepEqual(await ledger.known(ours, []), new Set());
    assert.deepEqual(await ledger.known("ws_unknown", ids(there)), new Set());
    await assert.rejects(ledger.known(ours, [...sought, newExchangeId(day)]), RangeError);
  });
}

export function attemptPromises(promised: Promised): void {
  promised(
    "children come with content, the newest up to the limit, oldest first",
    async ({ ledger, commit }) => {
      const event = made();
      const attempts = [3, 1, 2].map((n) =>
        withContent(`attempt ${n}`, { kind: "attempt", parent: event.id, attempt: n, startedAt: day + n }),
      );
      await commit([event, ...attempts, made({ parent: newExchangeId(day), attempt: 1 })]);
      const oldestFirst = attempts.toSorted((a, b) => a.startedAt - b.startedAt);
      const children = await ledger.children(ours, event.id, 10);
      assert.deepEqual(children.map(plain), oldestFirst.map(plain));
      assert.deepEqual(ids(await ledger.children(ours, event.id, 2)), ids(oldestFirst.slice(-2)));
    },
  );

  promised("any number of duplicates leaves the limit to attempts", async ({ ledger, commit }) => {
    const event = made();
    const again = Array.from({ length: 60 }, () =>
      made({ parent: event.id, ending: "duplicate", outcome: "duplicate" }),
    );
    const attempt = made({ kind: "attempt", parent: event.id, attempt: 1, startedAt: day + 1 });
    await commit([event, ...again, attempt]);
    assert.deepEqual(ids(await ledger.children(ours, event.id, 1)), [attempt.id]);
    assert.deepEqual(ids(await ledger.attemptsOf(ours, [event.id])), [attempt.id]);
  });

  promised(
    "attemptsOf answers the newest 50 of each parent, together and without content",
    async ({ ledger, commit }) => {
      const events = [made(), made(), made()];
      const attempts = events.flatMap((event, e) =>
        Array.from({ length: e === 0 ? 55 : 3 }, (_, n) =>
          withContent("sent", {
            kind: "attempt",
            parent: event.id,
            attempt: n + 1,
            startedAt: day + n * 7 + e,
          }),
        ),
      );
      await commit([...events, ...attempts]);
      const wanted = attempts
        .filter(({ parent }) => parent !== nth(events, 2).id)
        .filter(({ parent, attempt }) => parent !== nth(events, 0).id || (attempt ?? 0) > 5)
        .toSorted((a, b) => newestFirst(b, a));
      const asked = [nth(events, 1).id, nth(events, 0).id, nth(events, 1).id];
      const found = await ledger.attemptsOf(ours, asked);
      assert.deepEqual(found.map(plain), wanted.map(bare).map(plain));
    },
  );

  promised("attemptsOf takes at most 1,000 parents", async ({ ledger, commit }) => {
    const events = Array.from({ length: 1_001 }, () => made());
    const attempts = events.map(({ id }) => made({ kind: "attempt", parent: id, attempt: 1 }));
    await commit([...events, ...attempts]);
    assert.equal((await ledger.attemptsOf(ours, ids(events.slice(1)))).length, 1_000);
    await assert.rejects(ledger.attemptsOf(ours, ids(events)), RangeError);
  });
}

export function findPromises(promised: Promised): void {
  promised("find leaves content out unless it is asked for", async ({ ledger, commit }) => {
    const event = withContent("here");
    await commit([event]);
    const [row] = (await ledger.find({ workspace: ours, where: {}, limit: 5 })).rows;
    assert.deepEqual(plain(row), plain(listed(bare(event))));
    const [whole] = (await ledger.find({ workspace: ours, where: {}, limit: 5, content: true })).rows;
    assert.deepEqual(plain(whole), plain(listed(event)));
  });

  promised(
    "pages neither skip nor repeat rows that started in the same millisecond",
    async ({ ledger, commit }) => {
      const rows = Array.from({ length: 137 }, (_, i) =>
        made({ startedAt: day + (i % 3), subject: `ep_${i % 2}` }),
      );
      await commit(rows);
      const seen: Exchange[] = [];
      for (let page = 0; page < 30; page++) {
        const last = seen.at(-1);
        const found = await ledger.find({
          workspace: ours,
          where: page % 2 === 0 ? {} : { subjects: ["ep_0", "ep_1"] },
          limit: 7,
          ...(last && { after: { startedAt: last.startedAt, id: last.id } }),
        });
        seen.push(...found.rows);
      }
      assert.deepEqual(ids(seen), ids(rows.toSorted(newestFirst)));
    },
  );

  promised(
    "an event is found by its ending wherever that is recorded, and listed with it",
    async ({ ledger, commit }) => {
      const [onAttempt, onItself, still] = [made(), made({ ending: "filtered" }), made()];
      const again = made({ parent: still.id, ending: "duplicate", outcome: "duplicate" });
      const tries = [1, 2].map((attempt) =>
        made({ kind: "attempt", parent: onAttempt.id, attempt, ending: attempt === 2 ? "failed" : null }),
      );
      await commit([onAttempt, onItself, still, again, ...tries]);
      const find = async (where: object) => (await ledger.find({ workspace: ours, where, limit: 9 })).rows;
      assert.deepEqual(ids(await find({ endings: ["failed"] })), [onAttempt.id]);
      assert.deepEqual(ids(await find({ endings: ["filtered"] })), [onItself.id]);
      assert.deepEqual(
        ids(await find({ endings: ["duplicate"] })),
        [again.id],
        "a duplicate ends itself, not what it repeats",
      );
      const ended = new Map((await find({})).map((row) => [row.id, row.ended]));
      const wanted = [
        [onAttempt, "failed"],
        [onItself, "filtered"],
        [still, null],
        [again, "duplicate"],
        [nth(tries, 0), "failed"],
        [nth(tries, 1), "failed"],
      ] as const;
      for (const [row, ending] of wanted) {
        assert.equal(ended.get(row.id), ending);
        assert.equal((await ledger.get(ours, { id: row.id }))?.ended, ending);
      }
    },
  );
}

export function boundPromises(promised: Promised): void {
  promised("a page holds at most 1,000 rows and asking for more is refused", async ({ ledger, commit }) => {
    await commit(Array.from({ length: 1_005 }, () => made()));
    assert.equal((await ledger.find({ workspace: ours, where: {}, limit: 1_000 })).rows.length, 1_000);
    await assert.rejects(ledger.find({ workspace: ours, where: {}, limit: 1_001 }), RangeError);
  });

  promised(
    "what was committed before completeUntil is in the answer, also under load",
    async ({ ledger, commit }) => {
      const resolved: { readonly id: string; readonly at: number }[] = [];
      const writing = { now: true };
      const write = async () => {
        for (let i = 0; i < 60; i++) {
          const row = made();
          await commit([row]);
          resolved.push({ id: row.id, at: wallClock.now() });
        }
        writing.now = false;
      };
      const read = async () => {
        while (writing.now) {
          const found = await ledger.find({ workspace: ours, where: {}, limit: 1_000 });
          const there = new Set(ids(found.rows));
          const due = resolved.filter((row) => row.at < found.completeUntil);
          assert.deepEqual(
            due.filter((row) => !there.has(row.id)),
            [],
          );
        }
      };
      await Promise.all([write(), read()]);
      const { completeUntil } = await ledger.find({ workspace: ours, where: {}, limit: 1 });
      assert.ok(completeUntil > 0 && completeUntil <= wallClock.now());
    },
  );

  promised("measuring into more groups than an answer may hold is refused", async ({ ledger, commit }) => {
    await commit(Array.from({ length: 10_001 }, (_, i) => made({ startedAt: day + i })));
    const measure = (stepMs: number) =>
      ledger.measure({ workspace: ours, where: {}, stepMs, bySubject: false });
    await assert.rejects(measure(1), { kind: "too_large" });
    assert.equal((await measure(1_000)).length, 11);
  });
}

export function isolationPromises(promised: Promised): void {
  promised("no method reaches into another workspace", async (under) => {
    const { ledger, commit } = under;
    const event = withContent("secret", { ending: "failed" });
    const child = withContent("secret", { kind: "attempt", parent: event.id, attempt: 1 });
    const own = made({ workspace: theirs, subject: "ep_own" });
    await commit([event, child, own]);
    const cohort = { kinds: ["event"], jobs: ["deliver"], receivedFrom: 0, receivedTo: day + 1 };
    assert.equal(await ledger.get(theirs, { id: event.id }), undefined);
    assert.equal((await ledger.get(theirs, { number: 1 }))?.id, own.id);
    assert.deepEqual(await ledger.children(theirs, event.id, 10), []);
    assert.deepEqual(await ledger.attemptsOf(theirs, [event.id]), []);
    assert.deepEqual(await ledger.countStates({ workspace: theirs, ...cohort }), []);
    for (const where of [
      { subjects: ["ep_a"] },
      { endings: ["failed"] },
      { subjects: ["ep_a"], endings: ["failed"] },
    ] as const)
      assert.deepEqual((await ledger.find({ workspace: theirs, where, limit: 9 })).rows, []);
    const all = await ledger.find({ workspace: theirs, where: {}, limit: 9 });
    assert.deepEqual(ids(all.rows), [own.id]);
    for (const bySubject of [true, false]) {
      const measured = await ledger.measure({ workspace: theirs, where: {}, bySubject });
      assert.deepEqual(
        measured.map(({ count, subject }) => [count, subject]),
        [[1, bySubject ? "ep_own" : ""]],
      );
    }
    assert.deepEqual(ids(await everything(under, theirs)), [own.id]);
    assert.equal(await ledger.redact(theirs, event.id, bare), false);
    assert.equal(await ledger.purge(theirs, "ep_a", 10), 0);
    assert.equal(await ledger.expire([{ workspace: theirs, before: day + 1 }], 10), 1, "its own");
    assert.deepEqual(plain(await ledger.get(ours, { id: event.id })), plain(listed(event, "failed")));
    assert.equal((await everything(under)).length, 2);
  });

  promised("a parent of another workspace lends no ending", async ({ ledger, commit }) => {
    const event = made({ ending: "failed" });
    const foreign = made({ workspace: theirs, parent: event.id });
    const below = made({ workspace: theirs, parent: foreign.id });
    const above = made({ parent: below.id, attempt: 1, ending: "delivered" });
    await commit([event, foreign, below, above]);
    const { rows } = await ledger.find({ workspace: theirs, where: {}, limit: 9 });
    assert.deepEqual(
      rows.map((row) => row.ended),
      [null, null],
    );
  });
}

export function orderPromises(promised: Promised): void {
  promised("since follows commit order and filters without losing its place", async ({ ledger, commit }) => {
    const rows = Array.from({ length: 30 }, (_, i) =>
      made({
        startedAt: day - i,
        subject: `ep_${i % 3}`,
        kind: i % 2 === 0 ? "event" : "attempt",
        workspace: i % 5 === 0 ? theirs : ours,
      }),
    );
    for (const row of rows) await commit([row]);
    const query = { subjects: ["ep_1", "ep_2"], kinds: ["event"], limit: 3 };
    const wanted = rows.filter(
      (row, i) => row.workspace === ours && i % 3 !== 0 && query.kinds.includes(row.kind),
    );
    const seen: Exchange[] = [];
    let position = 0;
    for (let i = 0; i < 10; i++) {
      const next = await ledger.since(ours, position, query);
      assert.ok(next.rows.length <= 3 && next.position >= position);
      seen.push(...next.rows);
      position = next.position;
    }
    assert.deepEqual(seen.map(plain), wanted.map(bare).map(plain));
    assert.equal(position, await ledger.position(), "at the end of everything, also of other workspaces");
  });
}

export function racePromises(promised: Promised): void {
  promised(
    "a follower of since misses and repeats nothing while commits race",
    async ({ ledger, commit }) => {
      const rows = Array.from({ length: 400 }, (_, i) => made({ startedAt: day + ((i * 7) % 50) }));
      let writing = 8;
      const write = async (lane: number) => {
        for (let i = lane; i < rows.length; i += 8) await commit([nth(rows, i)]);
        writing -= 1;
      };
      const seen: string[] = [];
      const follow = async () => {
        let position = 0;
        for (;;) {
          const atEnd = writing === 0;
          const next = await ledger.since(ours, position, { limit: 17 });
          seen.push(...ids(next.rows));
          position = next.position;
          if (atEnd && next.rows.length === 0) return;
        }
      };
      await Promise.all([follow(), ...Array.from({ length: 8 }, (_, lane) => write(lane))]);
      assert.equal(new Set(seen).size, seen.length);
      assert.deepEqual(seen.toSorted(), ids(rows).toSorted());
      const { rows: all } = await ledger.since(ours, 0, { limit: 1_000 });
      assert.deepEqual(seen, ids(all));
    },
  );

  promised("a position stays good when what it was taken from is removed", async ({ ledger, commit }) => {
    await commit([made(), made()]);
    const position = await ledger.position();
    assert.equal(await ledger.purge(ours, "ep_a", 10), 2);
    const later = [made(), made()];
    await commit(later);
    const next = await ledger.since(ours, position, { limit: 10 });
    assert.deepEqual(ids(next.rows), ids(later));
  });
}
