import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { filePlace, schemaPlace, type Place } from "../../../../test/engines/places.ts";
import { postgresStore } from "../../../engines/store/postgres.ts";
import { storePart } from "../../../engines/store/postgres/schema.ts";
import { sqliteStore } from "../../../engines/store/sqlite.ts";
import type { Store } from "../../../engines/store/store.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { hasCsrf, sessions, type Session, type Sessions } from "./sessions.ts";

const stores: Readonly<Record<string, () => Promise<Place<Store>>>> = {
  SQLite: () => filePlace("store.db", sqliteStore),
  PostgreSQL: () => schemaPlace(storePart, postgresStore),
};
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const laptop = { client: "a browser", remoteAddress: "127.0.0.1" };

type Trial = {
  readonly store: Store;
  readonly signedIn: Sessions;
  /** Another process on the same store. */
  readonly elsewhere: Sessions;
  readonly log: readonly string[];
  pass(ms: number): void;
};

for (const [name, newPlace] of Object.entries(stores)) {
  const trial = (
    title: string,
    body: (it: Trial) => Promise<void>,
    publicUrl = "https://sluice.example",
  ): void => {
    test(title, async () => {
      const place = await newPlace();
      let now = Date.UTC(2026, 10, 20, 12);
      const clock = { now: () => now };
      const store = await place.open(clock);
      const other = await place.open(clock);
      const log: string[] = [];
      const settings = { publicUrl, echoUrl: publicUrl, ingestRate: 0, replayTargets: [] };
      const shared = { clock, settings, log: (line: string) => void log.push(line) };
      try {
        await body({
          store,
          signedIn: sessions({ ...shared, store }),
          elsewhere: sessions({ ...shared, store: other }),
          log,
          pass: (ms) => {
            now += ms;
          },
        });
      } finally {
        await other.close();
        await store.close();
        await place.remove();
      }
    });
  };

  describe(`sessions over ${name}`, () => {
    trial("behind TLS the cookie is for this host alone, and no script reads it", async ({ signedIn }) => {
      const { cookie } = await signedIn.begin("usr_a", laptop);
      assert.match(
        cookie,
        /^__Host-sluice_session=usr_a\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=7776000; Secure$/,
      );
      const session = await sessionOf(signedIn, cookie);
      assert.deepEqual(session, {
        id: session?.id,
        user: "usr_a",
        csrf: session?.csrf,
        createdAt: Date.UTC(2026, 10, 20, 12),
      });
      const bare = sent(cookie).replace("__Host-", "");
      assert.equal(await signedIn.of(bare), undefined, "a cookie that any host of the domain may set");
    });

    trial(
      "without TLS the cookie has a plain name, or no browser would keep it",
      async ({ signedIn }) => {
        const { cookie } = await signedIn.begin("usr_a", laptop);
        assert.match(
          cookie,
          /^sluice_session=usr_a\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
        );
        assert.equal((await sessionOf(signedIn, cookie))?.user, "usr_a");
      },
      "http://127.0.0.1:8080",
    );

    trial("what the cookie holds is neither stored nor logged, nor is the CSRF token", async (it) => {
      const { cookie } = await it.signedIn.begin("usr_a", laptop);
      const session = await sessionOf(it.signedIn, cookie);
      const [kept, used, audit] = await Promise.all([
        it.store.entries.list(serverScope, "session/usr_a", 10),
        it.store.entries.list(serverScope, "session_use/usr_a", 10),
        it.store.audit.list(serverScope, { limit: 10 }),
      ]);
      assert.equal(kept.length, 1);
      const all = JSON.stringify([kept, used, audit, it.log]);
      const token = /\.([\w-]{43})/.exec(cookie)?.[1];
      for (const secret of [token, session?.csrf]) assert.ok(secret !== undefined && !all.includes(secret));
    });

    trial("a session ends after 14 days without use, and use makes it last", async ({ signedIn, pass }) => {
      const { cookie } = await signedIn.begin("usr_a", laptop);
      pass(14 * dayMs - 1);
      assert.ok(await sessionOf(signedIn, cookie));
      pass(14 * dayMs - 1);
      assert.ok(await sessionOf(signedIn, cookie));
      pass(14 * dayMs);
      assert.equal(await sessionOf(signedIn, cookie), undefined);
    });

    trial("it ends after 90 days however much it is used", async ({ signedIn, pass }) => {
      const { cookie } = await signedIn.begin("usr_a", laptop);
      for (let day = 0; day < 89; day++) {
        pass(dayMs);
        assert.ok(await sessionOf(signedIn, cookie), `day ${day}`);
      }
      pass(dayMs);
      assert.equal(await sessionOf(signedIn, cookie), undefined);
      assert.deepEqual(await signedIn.list("usr_a"), []);
    });

    trial("use is noted once an hour", async ({ signedIn, pass }) => {
      const { cookie } = await signedIn.begin("usr_a", laptop);
      const lastUsedAt = async () => (await signedIn.list("usr_a"))[0]?.lastUsedAt;
      const begun = await lastUsedAt();
      pass(hourMs - 1);
      await sessionOf(signedIn, cookie);
      assert.equal(await lastUsedAt(), begun);
      pass(1);
      await sessionOf(signedIn, cookie);
      assert.equal(await lastUsedAt(), (begun ?? 0) + hourMs);
    });

    trial("an ended session is over here and elsewhere at once, and stays so", async (it) => {
      const { cookie } = await it.signedIn.begin("usr_a", laptop);
      const session = await sessionOf(it.elsewhere, cookie);
      assert.ok(session);
      it.pass(hourMs);
      // Its use is noted by one process while the other ends it.
      await Promise.all([it.elsewhere.of(sent(cookie)), it.signedIn.end(session)]);
      assert.equal(await sessionOf(it.signedIn, cookie), undefined);
      assert.equal(await sessionOf(it.elsewhere, cookie), undefined);
      assert.deepEqual(await it.signedIn.list("usr_a"), []);
      await it.signedIn.end(session);
    });

    trial(
      "all sessions of a user end, or all but the one in use, and nobody else's",
      async ({ signedIn }) => {
        const [first, second, other] = [
          await signedIn.begin("usr_a", laptop),
          await signedIn.begin("usr_a", laptop),
          await signedIn.begin("usr_b", laptop),
        ];
        const kept = await sessionOf(signedIn, second.cookie);
        await signedIn.endAll("usr_a", kept);
        assert.equal(await sessionOf(signedIn, first.cookie), undefined);
        assert.ok(await sessionOf(signedIn, second.cookie));
        await signedIn.endAll("usr_a");
        assert.equal(await sessionOf(signedIn, second.cookie), undefined);
        assert.ok(await sessionOf(signedIn, other.cookie));
      },
    );

    trial("of more than 50, the one unused for longest ends", async ({ signedIn, pass }) => {
      const cookies: string[] = [];
      for (let n = 0; n < 51; n++) {
        cookies.push((await signedIn.begin("usr_a", laptop)).cookie);
        pass(1_000);
      }
      assert.equal((await signedIn.list("usr_a")).length, 50);
      assert.equal(await sessionOf(signedIn, cookies[0] ?? ""), undefined);
      assert.ok(await sessionOf(signedIn, cookies[1] ?? ""));
    });

    trial("attack: a cookie of another server, another user, or of nobody is no session", async (it) => {
      const { cookie } = await it.signedIn.begin("usr_a", laptop);
      const [nameAndUser, token] = sent(cookie).split(".");
      const forged = [
        `${nameAndUser}.${"A".repeat(43)}`,
        sent(cookie).replace("usr_a", "usr_b"),
        `${nameAndUser}.`,
        `${nameAndUser}.${token}x`,
        "__Host-sluice_session=",
        "__Host-sluice_session",
        "other=1",
        "",
        undefined,
        `${sent(cookie)}; ${sent(cookie).replace("usr_a", "usr_b")}`,
      ];
      for (const header of forged) assert.equal(await it.signedIn.of(header), undefined, header);
      assert.ok(await it.signedIn.of(`theme=dark; ${sent(cookie)}; other=1`));
    });

    trial("attack: a session's CSRF token fits no other session, not even of the same user", async (it) => {
      const [one, two] = await Promise.all(
        [1, 2].map(async () => sessionOf(it.signedIn, (await it.signedIn.begin("usr_a", laptop)).cookie)),
      );
      assert.ok(one && two);
      assert.ok(hasCsrf(one, one.csrf));
      for (const wrong of [two.csrf, "", undefined, `${one.csrf}x`, one.csrf.slice(1), one.id])
        assert.equal(hasCsrf(one, wrong), false, wrong);
    });

    trial("signing in and ending are audited, by ids alone", async ({ signedIn, store }) => {
      const { cookie } = await signedIn.begin("usr_a", { ...laptop, how: "link" });
      const session = await sessionOf(signedIn, cookie);
      assert.ok(session);
      await signedIn.end(session);
      const audit = await store.audit.list(serverScope, { limit: 10, where: { subject: "usr_a" } });
      assert.deepEqual(
        audit.map(({ operation, actor, detail }) => [operation, actor.id, detail["session"], detail["how"]]),
        [
          ["end_session", "usr_a", session.id, undefined],
          ["sign_in", "usr_a", session.id, "link"],
        ],
      );
    });
  });
}

function sessionOf(signedIn: Sessions, setCookie: string): Promise<Session | undefined> {
  return signedIn.of(sent(setCookie));
}

/** What a browser sends of a cookie that it was told to set. */
function sent(setCookie: string): string {
  return setCookie.slice(0, setCookie.indexOf(";"));
}
