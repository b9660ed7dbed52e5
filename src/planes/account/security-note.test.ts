import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { browser } from "../../../test/browser.ts";
import { examplePassword, openPeopleWorld, type PeopleWorld } from "../../../test/people-world.ts";
import {
  authenticatorOf,
  bearing,
  callerOf,
  openWorld,
  principalOf,
  type World,
} from "../../../test/world.ts";
import { startProvider, type TrialProvider } from "../../engines/federation/conformance/provider.ts";
import { openidFederation } from "../../engines/federation/openid.ts";
import type { Audit, Store } from "../../engines/store/store.ts";
import { Failure } from "../../kernel/failure.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Authenticate } from "../../registry/credentials.ts";
import { invoke } from "../../registry/invoke.ts";
import { serverScope } from "../../registry/workspace.ts";
import { identityNeeds } from "./oauth/identity-needs.ts";
import { createApiKey } from "./operations/create-api-key.ts";
import { listChanges } from "./operations/list-changes.ts";
import { revokeCredential } from "./operations/revoke-credential.ts";
import { callbackPath } from "./people/external-journey.ts";
import { securityNotes } from "./security-note.ts";

const hourMs = 3_600_000;
/** What somebody types, holds or makes up in these tests: none of it may be told. */
const guess = "EXAMPLE guessed wrong";
const unknownKey = `mk_${"Fake".repeat(12)}`;

type Scene = {
  readonly world: PeopleWorld;
  readonly provider: TrialProvider;
  readonly authenticate: Authenticate;
  readonly workspace: string;
  /** A person who is signed in at it, and their id. */
  readonly signedIn: ReturnType<typeof browser>;
  readonly user: string;
  /** Of a key that was revoked, and of one that expired. */
  readonly revoked: { readonly id: string; readonly secret: string };
  readonly expired: { readonly id: string; readonly secret: string };
  readonly client: ReturnType<typeof identityNeeds>["accepted"];
};

type Noted = { readonly reason?: string; readonly workspace?: string; readonly subjects?: readonly string[] };

/** What each event is caused by, once a call, and what is noted of it. */
const events: Readonly<
  Record<string, { readonly cause: (it: Scene) => Promise<unknown>; readonly noted: (it: Scene) => Noted }>
> = {
  "credential_refused of an unknown key": {
    cause: ({ authenticate }) => refused(authenticate(bearing(`Bearer ${unknownKey}`)), "unauthenticated"),
    noted: () => ({ reason: "unknown" }),
  },
  "credential_refused of a malformed key": {
    cause: ({ authenticate }) => refused(authenticate(bearing("Bearer two words")), "unauthenticated"),
    noted: () => ({ reason: "malformed" }),
  },
  "credential_refused of a revoked key": {
    cause: ({ authenticate, revoked }) =>
      refused(authenticate(bearing(`Bearer ${revoked.secret}`)), "unauthenticated"),
    noted: ({ workspace, revoked }) => ({ reason: "revoked", workspace, subjects: [revoked.id] }),
  },
  "credential_refused of an expired key": {
    cause: ({ authenticate, expired }) =>
      refused(authenticate(bearing(`Bearer ${expired.secret}`)), "unauthenticated"),
    noted: ({ workspace, expired }) => ({ reason: "expired", workspace, subjects: [expired.id] }),
  },
  "credentials_locked_out after too many failures": {
    async cause({ authenticate }) {
      let kind = "";
      while (kind !== "limited")
        await authenticate(bearing(`Bearer ${unknownKey}`)).catch((error: { readonly kind: string }) => {
          ({ kind } = error);
        });
    },
    noted: () => ({}),
  },
  "sign_in_failed of a user": {
    cause: ({ world }) => signIn(world, "ada@example.com"),
    noted: ({ user }) => ({ subjects: [user] }),
  },
  "sign_in_failed of nobody": {
    cause: ({ world }) => signIn(world, "nobody@example.com"),
    noted: () => ({ subjects: ["nobody"] }),
  },
  "sign_in_locked_out after too many attempts": {
    async cause({ world }) {
      let status = 0;
      while (status !== 429) status = await signIn(world, "nobody@example.com");
    },
    noted: () => ({}),
  },
  "password_change_refused with the wrong password": {
    async cause({ signedIn }) {
      const fields = { current: guess, password: "EXAMPLE another horse" };
      assert.equal((await signedIn.submit("/account", fields, "/account/password")).status, 401);
    },
    noted: ({ user }) => ({ reason: "wrong password", subjects: [user] }),
  },
  "link_refused of a sign-in link that is none": {
    async cause({ world }) {
      assert.equal((await world.newBrowser().open("/sign-in/link/fake-link")).status, 404);
    },
    noted: () => ({}),
  },
  "link_refused of an invitation that is none": {
    async cause({ world }) {
      assert.equal((await world.newBrowser().open("/invitations/fake-link")).status, 404);
    },
    noted: () => ({}),
  },
  "external_sign_in_refused of another browser's journey": {
    async cause({ world }) {
      const shown = await world.newBrowser().open(`${callbackPath}?state=fake&code=fake`);
      assert.equal(shown.status, 401);
    },
    noted: () => ({ reason: "unauthenticated" }),
  },
  "external_sign_in_refused of somebody whom nobody invited": {
    async cause({ world, provider }) {
      provider.signsIn({ sub: "eve", email: "eve@example.com", email_verified: true, name: "Eve" });
      const it = world.newBrowser();
      const { elsewhere } = await it.submit("/sign-in", {}, "/sign-in/external");
      const back = (await browser(provider.issuer).open(pathOf(elsewhere))).elsewhere;
      assert.equal((await it.open(pathOf(back))).status, 403);
    },
    noted: () => ({ reason: "forbidden" }),
  },
  "foreign_form_refused without the token of a session": {
    async cause({ signedIn }) {
      assert.equal((await signedIn.post("/account/sign-out", { csrf: "fake" })).status, 403);
    },
    noted: ({ user }) => ({ subjects: [user] }),
  },
  "foreign_form_refused without the token of a guest": {
    async cause({ world }) {
      assert.equal((await world.newBrowser().post("/sign-in", { csrf: "fake" })).status, 403);
    },
    noted: () => ({}),
  },
  "foreign_form_refused of another site": {
    async cause({ signedIn }) {
      const shown = await signedIn.post("/account/sign-out", {}, { "sec-fetch-site": "cross-site" });
      assert.equal(shown.status, 403);
    },
    noted: () => ({}),
  },
  "foreign_form_refused of a call by a session": {
    cause: ({ authenticate, signedIn }) =>
      refused(authenticate({ ...bearing(""), cookie: cookieOf(signedIn), method: "POST" }), "forbidden"),
    noted: ({ user }) => ({ subjects: [user] }),
  },
  "client_accepted of a registration": {
    async cause({ world }) {
      const answer = await fetch(`${world.url}/oauth/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ client_name: "Fake Agent", redirect_uris: ["http://127.0.0.1/callback"] }),
      });
      assert.equal(answer.status, 201);
    },
    noted: () => ({ reason: "registered" }),
  },
  "client_accepted of a document": {
    async cause({ client }) {
      client({ id: "https://client.example/fake.json", name: "Fake Editor", from: "document" }, "192.0.2.1");
    },
    noted: () => ({ reason: "document" }),
  },
};

async function refused(asked: Promise<unknown>, kind: string): Promise<void> {
  await assert.rejects(asked, { kind });
}

async function signIn(world: PeopleWorld, email: string): Promise<number> {
  return (await world.newBrowser().submit("/sign-in", { email, password: guess })).status;
}

function pathOf(url: string | null): string {
  assert.ok(url);
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function cookieOf({ cookies }: ReturnType<typeof browser>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}

async function openScene(): Promise<Scene> {
  let url = "";
  const provider = await startProvider(() => `${url}${callbackPath}`);
  const world = await openPeopleWorld({
    provider: (needs) =>
      openidFederation({
        ...needs,
        issuer: provider.issuer,
        clientId: provider.client.id,
        clientSecret: new Secret(provider.client.secret),
      }),
  });
  ({ url } = world);
  const { engines } = world;
  const workspace = await world.newWorkspace();
  const owner = callerOf(principalOf(workspace, "all"));
  const newKey = async (name: string): Promise<Scene["revoked"]> => {
    const { id, secret } = await invoke(createApiKey, { name, expiresInDays: 30 }, owner, engines);
    return { id: String(id), secret: String(secret) };
  };
  const [revoked, expired] = [await newKey("revoked"), await newKey("expired")];
  await invoke(revokeCredential, { credentialId: revoked.id }, owner, engines);
  world.clock.advance(31 * 24 * hourMs);
  const { id: user } = await world.newPerson("Ada");
  const signedIn = world.newBrowser();
  await signedIn.submit("/sign-in", { email: "ada@example.com", password: examplePassword });
  const authenticate = await authenticatorOf(engines);
  const { accepted: client } = identityNeeds(engines);
  return { world, provider, authenticate, workspace, signedIn, user, revoked, expired, client };
}

async function notedIn(
  { world }: Scene,
  operation: string,
  { workspace = serverScope, subjects = [], reason }: Noted,
): Promise<readonly Audit[]> {
  const rows = await world.engines.store.audit.list(workspace, { limit: 1_000, where: { operation } });
  return rows.filter((row) => row.subjects.join() === subjects.join() && row.detail["reason"] === reason);
}

describe("security events", () => {
  for (const [name, { cause, noted }] of Object.entries(events))
    test(`${name}: noted at once, and of those alike within an hour how many`, async () => {
      const it = await openScene();
      const [operation = ""] = name.split(" ");
      const more = async (): Promise<readonly unknown[]> =>
        (await notedIn(it, operation, noted(it))).map(({ detail }) => detail["more"]);
      try {
        assert.deepEqual(await more(), []);
        await cause(it);
        assert.deepEqual(await more(), [undefined]);
        const [{ actor, detail } = assert.fail()] = await notedIn(it, operation, noted(it));
        assert.deepEqual(actor, { kind: "system", id: "security" });
        assert.match(String(detail["remoteAddress"]), /^(127\.0\.0\.1|192\.0\.2\.1)$/);
        await cause(it);
        await cause(it);
        assert.deepEqual(await more(), [undefined]);
        it.world.clock.advance(hourMs);
        await cause(it);
        assert.deepEqual(await more(), [undefined, 2, undefined]);
        assert.ok(it.world.log.some((line) => line.startsWith(`security: ${operation}`)));
        const kept = it.world.dump() + it.world.log.join();
        const secrets = [guess, unknownKey, examplePassword, it.revoked.secret, it.expired.secret];
        for (const secret of secrets) assert.ok(!kept.includes(secret));
      } finally {
        await it.world.close();
        await it.provider.stop();
      }
    });
});

describe("security events of a workspace", () => {
  let it: Scene;
  before(async () => {
    it = await openScene();
  });
  after(async () => {
    await it.world.close();
    await it.provider.stop();
  });

  test("are among its changes, and those of a person on their page", async () => {
    const { world, workspace, authenticate, revoked } = it;
    await refused(authenticate(bearing(`Bearer ${revoked.secret}`)), "unauthenticated");
    const owner = callerOf(principalOf(workspace, "all"));
    const input = { operation: "credential_refused" };
    const { changes } = await invoke(listChanges, input, owner, world.engines);
    assert.partialDeepStrictEqual(changes, [{ subjects: [revoked.id], undo: { possible: false } }]);
    await it.signedIn.post("/account/sign-out", { csrf: "fake" });
    const { text } = await it.signedIn.open("/account");
    assert.match(text, /A form that another site may have sent was refused, from 127\.0\.0\.1/);
  });
});

test("whoever comes from everywhere, or makes things up, fills neither the audit nor the memory", async () => {
  const world = await openWorld();
  const { clock } = world;
  const { store } = world.engines;
  const rows = async (operation: "sign_in_failed" | "credential_refused") =>
    (await store.audit.list(serverScope, { limit: 1_000, where: { operation } })).map(({ detail }) => detail);
  try {
    const { note } = securityNotes(world.engines);
    for (let n = 0; n < 5_000; n++)
      note({ operation: "sign_in_failed", subjects: ["nobody"], remoteAddress: `198.51.100.${n}` });
    assert.equal((await rows("sign_in_failed")).length, 10);
    clock.advance(hourMs);
    note({ operation: "sign_in_locked_out", remoteAddress: "198.51.100.1" });
    const [last, ...others] = await rows("sign_in_failed");
    assert.deepEqual(last, { more: 4_990, remoteAddress: "other addresses" });
    assert.equal(others.length, 10);

    for (let n = 0; n < 2_000; n++)
      note({ operation: "credential_refused", subjects: [`key_${n}`], remoteAddress: `198.51.100.${n}` });
    // One place is taken by the lockout; beyond the thousandth they are told by their operation alone.
    assert.equal((await rows("credential_refused")).length, 1_000);
    clock.advance(hourMs);
    note({ operation: "sign_in_locked_out", remoteAddress: "198.51.100.1" });
    assert.deepEqual((await rows("credential_refused"))[0], { more: 991, remoteAddress: "other addresses" });
  } finally {
    await world.close();
  }
});

describe("security events that are counted when a server stops", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  /** Counted of so many keys, three of each. */
  function counted(store: Store, keys: number) {
    const { note, stop } = securityNotes({ ...world.engines, store });
    for (let n = 0; n < 4 * keys; n++)
      note({
        operation: "credential_refused",
        reason: "revoked",
        subjects: [`key_${n % keys}`],
        remoteAddress: "192.0.2.1",
      });
    return stop;
  }

  const logged = (): number => world.log.filter((line) => line.includes("3 more, from 192.0.2.1")).length;

  test("are written once, and those that are under way with them", async () => {
    const { store } = world.engines;
    const late: Store = {
      ...store,
      async commit(commit) {
        await setImmediate();
        return store.commit(commit);
      },
    };
    const stop = counted(late, 20);
    await stop();
    await stop();
    const rows = await store.audit.list(serverScope, { limit: 1_000 });
    assert.deepEqual(
      rows.map(({ detail }) => detail["more"]),
      [...Array.from({ length: 20 }, () => 3), ...Array.from({ length: 20 }, () => undefined)],
    );
    assert.equal(logged(), 20);
  });

  test("are in the log at least: a database that refuses is asked once more, and a slow one for 5 s", async () => {
    const loggedBefore = logged();
    let asked = 0;
    const refusing = async (): Promise<void> => {
      asked++;
      throw new Failure("unavailable", "It cannot be written.");
    };
    await counted({ ...world.engines.store, commit: refusing }, 5)();
    assert.deepEqual([asked, logged() - loggedBefore], [5 + 1, 5]);
    const slow = async (): Promise<void> => {
      asked++;
      world.clock.advance(1_000);
    };
    const stop = counted({ ...world.engines.store, commit: slow }, 10);
    asked = 0;
    await stop();
    assert.deepEqual([asked, logged() - loggedBefore], [5, 5 + 10]);
  });

  test("do not keep a server whose database says nothing", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const stopped = counted({ ...world.engines.store, commit: () => new Promise(() => {}) }, 1)();
    t.mock.timers.tick(5_000);
    await stopped;
  });
});
