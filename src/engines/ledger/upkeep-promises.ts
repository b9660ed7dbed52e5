import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Exchange, NewExchange } from "../../kernel/exchange.ts";
import type { Condition } from "./ledger.ts";
import { newestFirst } from "./oracle.ts";
import {
  bodyOf,
  day,
  everything,
  ids,
  listed,
  made,
  nth,
  ours,
  plain,
  type Promised,
  withContent,
} from "./samples.ts";

export function removalPromises(promised: Promised): void {
  promised("expire removes what is older, oldest first, up to the limit", async (under) => {
    const { ledger, commit } = under;
    const rows = Array.from({ length: 1_300 }, (_, i) =>
      withContent("old", { startedAt: day + ((i * 7) % 1_300) }),
    );
    await commit(rows);
    assert.equal(await ledger.expire([{ workspace: ours, before: day + 1_200 }], 1_100), 1_100);
    const left = await ledger.find({ workspace: ours, where: {}, limit: 1_000 });
    assert.equal(left.rows.length, 200);
    assert.equal(left.rows.at(-1)?.startedAt, day + 1_100);
    assert.equal(await ledger.expire([{ workspace: ours, before: day + 1_200 }], 1_100), 100);
    assert.equal(
      await ledger.expire([{ workspace: ours, before: day + 1_200 }], 1_100),
      0,
      "the bound is exclusive",
    );
    assert.equal((await everything(under)).length, 100);
    assert.equal((await ledger.get(ours, { id: nth(left.rows, 0).id }))?.request.body?.size, 17);
  });

  promised("expire spares an event that still has an open job, with its attempts", async (under) => {
    const event = withContent("working");
    const attempt = made({ kind: "attempt", parent: event.id, attempt: 1 });
    const done = made();
    await under.commit([event, attempt, done], [event.id]);
    assert.equal(await under.ledger.expire([{ workspace: ours, before: day + 1 }], 10), 1);
    assert.deepEqual(ids(await everything(under)), [event.id, attempt.id]);
    assert.equal(await under.ledger.expire([{ workspace: ours, before: day + 1 }], 10), 0);
  });

  promised("expire gets past any number of events that it spares", async ({ ledger, commit }) => {
    const working = Array.from({ length: 700 }, () => made());
    await commit(working, ids(working));
    await commit(Array.from({ length: 10 }, () => made({ startedAt: day + 1 })));
    assert.equal(await ledger.expire([{ workspace: ours, before: day + 2 }], 1_000), 10);
    assert.equal((await ledger.find({ workspace: ours, where: {}, limit: 1_000 })).rows.length, 700);
  });

  promised("purge removes one subject, up to the limit a call", async (under) => {
    const rows = Array.from({ length: 40 }, (_, i) => withContent("gone", { subject: `ep_${i % 2}` }));
    await under.commit(rows);
    assert.equal(await under.ledger.purge(ours, "ep_0", 15), 15);
    assert.equal(await under.ledger.purge(ours, "ep_0", 15), 5);
    assert.equal(await under.ledger.purge(ours, "ep_0", 15), 0);
    const left = rows.filter((row) => row.subject === "ep_1");
    assert.deepEqual(ids(await everything(under)), ids(left));
    assert.deepEqual(
      plain(await under.ledger.get(ours, { id: nth(left, 3).id })),
      plain(listed(nth(left, 3))),
    );
  });
}

const hide = (row: Exchange): Pick<Exchange, "request" | "response"> => ({
  request: {
    headers: [["x", "[redacted]"]],
    body: row.request.body && { ...row.request.body, bytes: Buffer.from("[redacted]"), size: 10, sha256: "" },
  },
  response: row.response && { ...row.response, headers: [] },
});

function failing(): never {
  throw new Error("no pattern");
}

/** What must read back after `hide`: new content under the true size and hash. */
function hidden(row: NewExchange): NewExchange {
  const { request, response } = row;
  assert.ok(request.body && response);
  return {
    ...row,
    request: {
      headers: [["x", "[redacted]"]],
      body: { ...request.body, bytes: Buffer.from("[redacted]") },
    },
    response: { ...response, headers: [] },
  };
}

export function redactionPromises(promised: Promised): void {
  promised(
    "redact replaces content and keeps columns, size and hash, raw or sealed",
    async ({ ledger, commit }) => {
      const rows = Array.from({ length: 70 }, (_, i) => withContent(`secret ${i}`, { startedAt: day + i }));
      const single = withContent("secret alone");
      await commit(rows);
      await commit([single]);
      assert.equal(await ledger.redact(ours, nth(rows, 5).id, hide), true);
      assert.equal(await ledger.redact(ours, single.id, hide), true);
      await ledger.seal(1_000);
      for (const n of [0, 6, 69]) assert.equal(await ledger.redact(ours, nth(rows, n).id, hide), true);
      await ledger.seal(1_000);
      for (const [n, row] of [...rows, single].entries()) {
        const wanted = [0, 5, 6, 69, 70].includes(n) ? hidden(row) : row;
        assert.deepEqual(plain(await ledger.get(ours, { id: row.id })), plain(listed(wanted)));
      }
    },
  );

  promised("sealing meanwhile does not bring redacted content back", async ({ ledger, commit }) => {
    for (let round = 0; round < 15; round++) {
      const rows = Array.from({ length: 3 }, (_, i) => withContent(`secret ${i}`));
      for (const row of rows) await commit([row]);
      await Promise.all([ledger.seal(100), ...rows.map((row) => ledger.redact(ours, row.id, hide))]);
      for (const row of rows)
        assert.deepEqual(plain(await ledger.get(ours, { id: row.id })), plain(listed(hidden(row))));
    }
  });

  promised("redact replaces host, path, error and facts where they are given", async (under) => {
    const { ledger, commit } = under;
    const said = { host: "secret.example", path: "/secret?s=secret", error: "secret" };
    const facts = { agent: "secret", redacted: 1, whole: true };
    // What several have in common may be stored once for all of them.
    const rows = Array.from({ length: 5 }, () => withContent("secret", { ...said, facts }));
    for (const row of rows) await commit([row]);
    const untouched = nth(rows, 4);
    const by = { host: "h", path: "/p", error: "e", facts: { agent: "a", redacted: 2, whole: true } };
    for (const { id } of rows.slice(0, 2))
      assert.equal(await ledger.redact(ours, id, (row) => ({ ...hide(row), ...by })), true);
    await ledger.seal(1_000);
    const { id } = nth(rows, 2);
    assert.equal(await ledger.redact(ours, id, (row) => ({ ...hide(row), ...by })), true);
    const bare = nth(rows, 3);
    const none = { error: null, facts: {} };
    assert.equal(await ledger.redact(ours, bare.id, (row) => ({ ...hide(row), ...none })), true);
    for (const row of rows.slice(0, 3))
      assert.deepEqual(
        plain(await ledger.get(ours, { id: row.id })),
        plain(listed({ ...hidden(row), ...by })),
      );
    assert.deepEqual(
      plain(await ledger.get(ours, { id: bare.id })),
      plain(listed({ ...hidden(bare), ...none })),
    );
    assert.deepEqual(plain(await ledger.get(ours, { id: untouched.id })), plain(listed(untouched)));
    const asked = async (condition: Condition) =>
      ids((await ledger.find({ workspace: ours, where: { condition }, limit: 10 })).rows).toSorted();
    const wanted = ids(rows.slice(0, 3)).toSorted();
    for (const [field, is] of [
      ["host", "h"],
      ["path", "/p"],
      ["error", "e"],
      ["facts.agent", "a"],
    ] as const)
      assert.deepEqual(await asked({ field, is: [is] }), wanted, field);
    assert.deepEqual(await asked({ field: "facts.agent", like: "*secret*" }), [untouched.id]);
    assert.deepEqual(await asked({ field: "error", like: "*secret*" }), [untouched.id]);
  });

  promised("a failing replacement changes nothing and is reported", async ({ ledger, commit }) => {
    const row = withContent("secret");
    await commit([row]);
    await assert.rejects(ledger.redact(ours, row.id, failing), /no pattern/);
    assert.deepEqual(plain(await ledger.get(ours, { id: row.id })), plain(listed(row)));
    assert.equal(await ledger.redact(ours, row.id, hide), true, "and the next one works");
  });
}

export function sealingPromises(promised: Promised): void {
  promised("sealing changes no answer and ends when nothing is raw", async ({ ledger, commit }) => {
    const rows = Array.from({ length: 150 }, (_, i) => withContent(`row ${i}`, { startedAt: day + i }));
    const large = withContent("large", {
      request: { headers: [], body: bodyOf(randomBytes(600_000)) },
      startedAt: day - 1,
    });
    for (const row of rows) await commit([row]);
    await commit([large, made({ startedAt: day - 2 })]);
    const query = { workspace: ours, where: {}, limit: 1_000, content: true };
    const before = await ledger.find(query);
    let sealed = 0;
    for (let round = 0; round < 100; round++) {
      const some = await ledger.seal(40);
      assert.ok(some <= 40);
      if (some === 0) break;
      sealed += some;
    }
    assert.ok(
      sealed >= 100 && sealed <= 151,
      "a few of the newest may wait, what has no content is not sealed",
    );
    const after = await ledger.find(query);
    assert.deepEqual(after.rows.map(plain), before.rows.map(plain));
    assert.deepEqual(plain(await ledger.get(ours, { id: large.id })), plain(listed(large)));
  });

  promised(
    "sealing, expiring and purging at once lose nothing that should stay",
    async ({ ledger, commit }) => {
      const rows = Array.from({ length: 240 }, (_, i) =>
        withContent(`row ${i}`, { startedAt: day + i, subject: `ep_${i % 3}` }),
      );
      for (let i = 0; i < rows.length; i += 12) await commit(rows.slice(i, i + 12));
      await Promise.all([
        ledger.seal(500),
        ledger.expire([{ workspace: ours, before: day + 100 }], 500),
        ledger.purge(ours, "ep_1", 500),
        ledger.seal(500),
      ]);
      const left = rows.filter((row, i) => i >= 100 && row.subject !== "ep_1");
      const { rows: found } = await ledger.find({ workspace: ours, where: {}, limit: 500, content: true });
      const wanted = left.toSorted(newestFirst).map((row) => listed(row));
      assert.deepEqual(found.map(plain), wanted.map(plain));
    },
  );
}
