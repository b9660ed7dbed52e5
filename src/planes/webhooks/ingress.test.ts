import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import {
  githubHeaders,
  openRunningWorld,
  type MadeEndpoint,
  type RunningWorld,
} from "../../../test/running-world.ts";
import { accountForWebhooks } from "./operations/account-for-webhooks.ts";
import { deleteEndpoint } from "./operations/delete-endpoint.ts";
import { getLogDetail } from "./operations/get-log-detail.ts";
import { listLogs } from "./operations/list-logs.ts";
import { setEndpointSecret } from "./operations/set-endpoint-secret.ts";
import { updateEndpoint } from "./operations/update-endpoint.ts";

type Received = { readonly status: number; readonly head: string; readonly body: string };

/** Sends the very bytes to the listener; answers head and body as they came. */
async function exchange(
  { url }: RunningWorld,
  bytes: string | Buffer,
  then: "listen" | "hang up" = "listen",
): Promise<Received> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  if (then === "listen") socket.write(bytes);
  else socket.end(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("latin1");
  const [head = "", body = ""] = text.split("\r\n\r\n");
  return { status: Number(head.slice(9, 12)), head, body };
}

function request(path: string, { method = "POST", headers = "", body = "{}" }: Sent = {}): Buffer {
  const content = Buffer.from(body);
  const head = `${method} ${path} HTTP/1.1\r\nHost: anything\r\n${headers}Content-Length: ${content.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), content]);
}

type Sent = {
  readonly method?: string;
  readonly headers?: string;
  readonly body?: string | Uint8Array;
};

const withoutDate = (head: string): string => head.replace(/^date: .*\r\n/im, "");

describe("ingress, over a real connection", () => {
  let world: RunningWorld;
  let workspace: string;
  let orders: MadeEndpoint;
  before(async () => {
    world = await openRunningWorld();
    workspace = await world.newWorkspace();
    orders = await world.endpointIn(workspace);
  });
  after(() => world.close());

  test("200 with the event's id, once it is durable", async () => {
    const { status, head, body } = await exchange(world, request(orders.path));
    assert.equal(status, 200);
    assert.match(head, /content-type: application\/json/i);
    const { ok, id } = JSON.parse(body) as { ok: boolean; id: string };
    assert.equal(ok, true);
    assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: id }), {
      id,
      answered: 200,
    });
  });

  for (const method of ["POST", "PUT", "PATCH", "DELETE"])
    test(`${method} is taken as a webhook and delivered as ${method}`, async () => {
      const { body } = await exchange(world, request(orders.path, { method, body: `by ${method}` }));
      await world.endingOf(workspace, (JSON.parse(body) as { id: string }).id);
      const reached = world.target.reached.at(-1)!;
      assert.equal(reached.method, method);
      assert.equal(reached.body.toString(), `by ${method}`);
    });

  for (const method of ["GET", "HEAD", "OPTIONS"])
    test(`405 to ${method}, naming what is taken`, async () => {
      const { status, head } = await exchange(world, request(orders.path, { method, body: "" }));
      assert.equal(status, 405);
      assert.match(head, /allow: POST, PUT, PATCH, DELETE/i);
      const { logs } = await world.call(workspace, listLogs, { endpointId: orders.id, limit: 1 });
      assert.partialDeepStrictEqual(logs, [{ method, state: "rejected", error: "method_not_allowed" }]);
    });

  test("unknown, deleted, mistyped and malformed addresses are answered alike, to the byte", async () => {
    const gone = await world.endpointIn(workspace, { name: "gone" });
    await world.call(workspace, deleteEndpoint, { endpointId: gone.id });
    const paths = [
      "/in/orders-0000000000000000000000",
      gone.path,
      `${orders.path}x`,
      orders.path.slice(0, -1),
      orders.path.toLowerCase(),
      `${orders.path}/`,
      `/in/${orders.path.slice(-22)}`,
      "/in/orders",
      "/in/",
      "/in/%00",
      `/in/${"a".repeat(5_000)}`,
    ];
    const answers = await Promise.all(paths.map((path) => exchange(world, request(path))));
    for (const { status, head, body } of answers) {
      assert.equal(status, 404);
      assert.equal(withoutDate(head), withoutDate(answers[0]!.head));
      assert.equal(body, answers[0]!.body);
    }
    assert.deepEqual(JSON.parse(answers[0]!.body), {
      ok: false,
      error: "not_found",
      message: "No endpoint answers at this address.",
    });
  });

  test("addresses are not to be guessed at speed: 429 in the end, and the endpoint itself goes on", async () => {
    const answers: Received[] = [];
    for (let n = 0; n < 300; n++)
      answers.push(await exchange(world, request("/in/orders-1111111111111111111111")));
    const limited = answers.find(({ status }) => status === 429);
    assert.match(limited?.head ?? "", /retry-after: 1/i);
    assert.equal((await exchange(world, request(orders.path))).status, 200);
  });

  test("a body arrives as it was sent: no UTF-8, no JSON, compressed or empty", async () => {
    for (const body of [
      Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0d, 0x0a]),
      Buffer.from('{"a": 1,\r\n "a": 2}'),
      Buffer.from("{"),
      Buffer.alloc(0),
      Buffer.alloc(100_000, 7),
    ]) {
      const headers = "Content-Encoding: gzip\r\n";
      const answer = await exchange(world, request(orders.path, { headers, body }));
      await world.endingOf(workspace, (JSON.parse(answer.body) as { id: string }).id);
      const reached = world.target.reached.at(-1)!;
      assert.deepEqual(reached.body, body);
      assert.equal(reached.header("content-encoding"), "gzip");
    }
  });

  test("headers arrive in their order, with their case and their repeats; the query goes along", async () => {
    const headers = "X-B: 1\r\nx-a: two\r\nX-B: 3\r\nX-Latin: caf\xe9\r\n";
    const answer = await exchange(world, request(`${orders.path}?b=2&a=1&a=%20x`, { headers }));
    const { id } = JSON.parse(answer.body) as { id: string };
    await world.endingOf(workspace, id);
    const reached = world.target.reached.at(-1)!;
    const own = reached.headers.filter(([name]) => name.toLowerCase().startsWith("x-"));
    assert.deepEqual(own, [
      ["X-B", "1"],
      ["x-a", "two"],
      ["X-B", "3"],
      ["X-Latin", "caf\xe9"],
    ]);
    assert.equal(reached.url, "/hook?b=2&a=1&a=%20x");
    assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: id }), {
      untrusted: { path: "/in/orders?b=2&a=1&a=%20x" },
    });
  });

  test("413 beyond the endpoint's own limit: recorded without the body", async () => {
    const small = await world.endpointIn(workspace, { name: "small", bodyBytesMax: 1_024 });
    assert.equal((await exchange(world, request(small.path, { body: "a".repeat(1_024) }))).status, 200);
    const { status, body } = await exchange(world, request(small.path, { body: "a".repeat(1_025) }));
    assert.equal(status, 413);
    assert.equal((JSON.parse(body) as { error: string }).error, "too_large");
    assert.partialDeepStrictEqual(
      await world.call(workspace, listLogs, { endpointId: small.id, status: "rejected" }),
      { logs: [{ answered: 413, error: "too_large", bytes: 0 }] },
    );
  });

  test("a sender that hangs up within the body leaves nothing behind", async () => {
    const count = async () =>
      ((await world.call(workspace, listLogs, { endpointId: orders.id, limit: 50 }))["logs"] as []).length;
    const earlier = await count();
    await exchange(
      world,
      `POST ${orders.path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc`,
      "hang up",
    );
    assert.equal(await count(), earlier);
  });

  test("a paused endpoint accepts and holds; resumed, it delivers", async () => {
    const held = await world.endpointIn(workspace, { name: "held" });
    await world.call(workspace, updateEndpoint, { endpointId: held.id, isActive: false });
    const from = world.target.reached.length;
    const { id } = await world.arrive(held);
    assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: id }), {
      state: "pending",
      attempts: [],
    });
    assert.equal(world.target.reached.length, from);
    await world.call(workspace, updateEndpoint, { endpointId: held.id, isActive: true });
    assert.equal((await world.endingOf(workspace, id)).ending, "delivered");
    assert.equal(world.target.reached.length, from + 1);
  });

  test("credentials go to the target and are stored nowhere in the clear, and sealed no longer than the job", async () => {
    const held = await world.endpointIn(workspace, { name: "credentials" });
    await world.call(workspace, updateEndpoint, { endpointId: held.id, isActive: false });
    const headers = [
      ["Authorization", "Bearer fake-credential"],
      ["X-Shop", "1"],
      ["Cookie", "session=fake-credential"],
      ["X-Api-Key", "fake-credential"],
    ] as const;
    const { id } = await world.arrive(held, { headers });
    assert.match(world.dump(), /"withheld":"[^"]+"/);
    await world.call(workspace, updateEndpoint, { endpointId: held.id, isActive: true });
    await world.endingOf(workspace, id);
    const reached = world.target.reached.at(-1)!;
    assert.deepEqual(
      headers.map(([name]) => reached.header(name.toLowerCase())),
      headers.map(([, value]) => value),
    );
    assert.doesNotMatch(world.dump(), /fake-credential/);
    assert.doesNotMatch(world.dump(), /"withheld":"[^"]+"/);
    const shown = await world.call(workspace, getLogDetail, { logId: id });
    assert.doesNotMatch(JSON.stringify(shown), /fake-credential/);
    assert.partialDeepStrictEqual(shown, {
      untrusted: {
        headers: [
          { name: "Authorization", value: "[redacted]" },
          { name: "X-Shop", value: "1" },
        ],
      },
    });
  });
});

describe("ingress, verified", () => {
  let world: RunningWorld;
  let workspace: string;
  before(async () => {
    world = await openRunningWorld();
    workspace = await world.newWorkspace();
  });
  after(() => world.close());

  async function github(name: string, secret: string | null = "fake"): Promise<MadeEndpoint> {
    const endpoint = await world.endpointIn(workspace, { name, provider: "github" });
    if (secret !== null) await store(endpoint, secret);
    return endpoint;
  }

  function store({ id }: MadeEndpoint, secret: string, more: object = {}) {
    return world.call(workspace, setEndpointSecret, { endpointId: id, secret, ...more });
  }

  function send(endpoint: MadeEndpoint, delivery: string, secret = "fake") {
    return world.arrive(endpoint, { headers: githubHeaders(secret, "{}", delivery), body: "{}" });
  }

  function account({ id }: MadeEndpoint) {
    return world.call(workspace, accountForWebhooks, { endpointId: id });
  }

  test("a wrong signature is refused with 401 that tells the sender nothing more, and the log says why", async () => {
    const endpoint = await github("wrong");
    const { status, text } = await send(endpoint, "1", "another");
    assert.equal(status, 401);
    assert.deepEqual(JSON.parse(text), {
      ok: false,
      error: "bad_signature",
      message: "The signature of this request could not be verified.",
    });
    assert.partialDeepStrictEqual(await world.call(workspace, listLogs, { endpointId: endpoint.id }), {
      logs: [{ state: "rejected", answered: 401, error: "no_match" }],
    });
  });

  test("without a secret every request is refused, and the log says no_secret", async () => {
    const endpoint = await github("no secret", null);
    assert.equal((await send(endpoint, "1")).status, 401);
    assert.partialDeepStrictEqual(await world.call(workspace, listLogs, { endpointId: endpoint.id }), {
      logs: [{ error: "no_secret", untrusted: { detail: "The endpoint has no secret to verify with." } }],
    });
  });

  test("a forged request with an event's id does not use that id up", async () => {
    const endpoint = await github("forged");
    await send(endpoint, "evt", "another");
    const { id, text } = await send(endpoint, "evt");
    assert.doesNotMatch(text, /duplicate/);
    assert.equal((await world.endingOf(workspace, id)).ending, "delivered");
  });

  test("of 100 copies at once one is delivered and 99 are duplicates", async () => {
    const endpoint = await github("copies");
    const from = world.target.reached.length;
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(endpoint, "same")));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    const first = answers.filter(({ text }) => !text.includes('"duplicate":true'));
    assert.equal(first.length, 1);
    await world.endingOf(workspace, first[0]!.id);
    assert.partialDeepStrictEqual(await account(endpoint), {
      received: 100,
      delivered: 1,
      duplicate: 99,
      remainder: 0,
    });
    assert.equal(world.target.reached.length, from + 1);
  });

  test("after 24 hours the same id is another event; at another endpoint it always is", async () => {
    const [one, two] = [await github("one"), await github("two")];
    await send(one, "same");
    assert.doesNotMatch((await send(two, "same")).text, /duplicate/);
    world.moveOn(24 * 3_600_000 - 1);
    assert.match((await send(one, "same")).text, /duplicate/);
    world.moveOn(1);
    assert.doesNotMatch((await send(one, "same")).text, /duplicate/);
  });

  test("of 30 rejections in a minute 10 are stored and all are counted", async () => {
    const endpoint = await github("flood");
    world.moveOn(60_000 - (world.clock.now() % 60_000));
    for (let n = 0; n < 30; n++) assert.equal((await send(endpoint, "1", "another")).status, 401);
    const { logs } = await world.call(workspace, listLogs, { endpointId: endpoint.id, limit: 50 });
    assert.equal((logs as []).length, 10);
    assert.partialDeepStrictEqual(await account(endpoint), { received: 30, rejected: 30, remainder: 0 });
    world.moveOn(60_000);
    await send(endpoint, "1", "another");
    const later = await world.call(workspace, listLogs, { endpointId: endpoint.id, limit: 50 });
    assert.equal((later["logs"] as []).length, 11);
  });

  test("after a rotation the previous secret is valid for 24 hours", async () => {
    const endpoint = await github("rotated", "old");
    await store(endpoint, "new");
    assert.equal((await send(endpoint, "1", "old")).status, 200);
    assert.equal((await send(endpoint, "2", "new")).status, 200);
    world.moveOn(24 * 3_600_000 - 1);
    assert.equal((await send(endpoint, "3", "old")).status, 200);
    world.moveOn(1);
    assert.equal((await send(endpoint, "4", "old")).status, 401);
    assert.equal((await send(endpoint, "5", "new")).status, 200);
  });

  test("with dropPrevious it is void at once", async () => {
    const endpoint = await github("leaked", "old");
    await store(endpoint, "new", { dropPrevious: true });
    assert.equal((await send(endpoint, "1", "old")).status, 401);
    assert.equal((await send(endpoint, "2", "new")).status, 200);
  });

  test("Slack's challenge is answered before there is a secret, logged, and no event", async () => {
    const slack = await world.endpointIn(workspace, { name: "slack", provider: "slack" });
    const body = '{"type":"url_verification","challenge":"fake-challenge"}';
    const answer = await world.arrive(slack, { body });
    assert.deepEqual([answer.status, answer.text], [200, "fake-challenge"]);
    assert.match(answer.headers["content-type"] ?? "", /^text\/plain/);
    assert.partialDeepStrictEqual(await world.call(workspace, listLogs, { endpointId: slack.id }), {
      logs: [{ kind: "handshake", state: null, answered: 200, attempts: 0 }],
    });
    assert.partialDeepStrictEqual(await account(slack), { received: 0, remainder: 0 });
    assert.equal((await world.arrive(slack, { body: '{"type":"event_callback"}' })).status, 401);
  });

  test("Meta's challenge is answered to the token that was chosen, which the log never shows", async () => {
    const meta = await world.endpointIn(workspace, { name: "meta", provider: "meta" });
    const ask = (token: string) =>
      world.arrive(meta, {
        method: "GET",
        body: "",
        query: `?hub.mode=subscribe&hub.challenge=112233&hub%2Everify_token=${token}`,
      });
    assert.equal((await ask("fake-token")).status, 403);
    await store(meta, "fake-token", { use: "verify_token" });
    assert.equal((await ask("another")).status, 403);
    const answer = await ask("fake-token");
    assert.deepEqual([answer.status, answer.text], [200, "112233"]);
    const listed = await world.call(workspace, listLogs, { endpointId: meta.id });
    assert.partialDeepStrictEqual(listed, {
      logs: [
        { kind: "handshake", answered: 200, error: null },
        { kind: "handshake", answered: 403, error: "verify_token_mismatch" },
        { kind: "handshake", answered: 403, error: "no_verify_token" },
      ],
    });
    assert.doesNotMatch(JSON.stringify(listed), /fake-token/);
    assert.doesNotMatch(world.dump(), /fake-token/);
    assert.equal((await world.arrive(meta, { method: "GET", body: "" })).status, 405);
  });

  test("the secret of a token scheme is neither logged nor shown, and reaches the target", async () => {
    const token = await world.endpointIn(workspace, {
      name: "token",
      provider: "custom",
      verification: { scheme: { algorithm: "token", token: { header: "x-acme-sign" } } },
    });
    await store(token, "fake-shared-text");
    const { status, id } = await world.arrive(token, { headers: [["X-Acme-Sign", "fake-shared-text"]] });
    assert.equal(status, 200);
    await world.endingOf(workspace, id);
    assert.equal(world.target.reached.at(-1)!.header("x-acme-sign"), "fake-shared-text");
    assert.equal((await world.arrive(token, { headers: [["X-Acme-Sign", "fake-other-text"]] })).status, 401);
    assert.doesNotMatch(world.dump(), /fake-shared-text|fake-other-text/);
  });

  test("a signature that is too old is refused as such", async () => {
    const stripe = await world.endpointIn(workspace, { name: "stripe", provider: "stripe" });
    await store(stripe, "whsec_fake");
    const at = Math.floor(world.clock.now() / 1_000) - 301;
    const v1 = createHmac("sha256", "whsec_fake").update(`${at}.{}`).digest("hex");
    const headers = [["Stripe-Signature", `t=${at},v1=${v1}`]] as const;
    assert.equal((await world.arrive(stripe, { headers, body: "{}" })).status, 401);
    assert.partialDeepStrictEqual(await world.call(workspace, listLogs, { endpointId: stripe.id }), {
      logs: [{ error: "stale" }],
    });
  });
});

describe("ingress, within limits", () => {
  test("an endpoint's rate: five seconds' worth at once, then 429 with Retry-After, then again", async () => {
    const world = await openRunningWorld((engines) => ({
      ...engines,
      settings: { ...engines.settings, ingestRate: 0.5 },
    }));
    try {
      const workspace = await world.newWorkspace();
      const [orders, other] = [await world.endpointIn(workspace), await world.endpointIn(workspace)];
      const statuses: number[] = [];
      for (let n = 0; n < 3; n++) statuses.push((await world.arrive(orders)).status);
      assert.deepEqual(statuses, [200, 200, 429]);
      assert.equal((await world.arrive(orders)).headers["retry-after"], "1");
      assert.equal((await world.arrive(other)).status, 200);
      world.moveOn(1_000);
      assert.equal((await world.arrive(orders)).status, 200);
      const account = await world.call(workspace, accountForWebhooks, { endpointId: orders.id });
      assert.partialDeepStrictEqual(account, { received: 5, rejected: 2, remainder: 0 });
      const { logs } = await world.call(workspace, listLogs, { endpointId: orders.id, status: "rejected" });
      assert.deepEqual(
        (logs as { error: string }[]).map(({ error }) => error),
        ["limited", "limited"],
      );
    } finally {
      await world.close();
    }
  });

  test("503 with Retry-After when it cannot be stored, never a 4xx: the sender sends it again", async () => {
    const world = await openRunningWorld();
    try {
      const workspace = await world.newWorkspace();
      const orders = await world.endpointIn(workspace);
      const other = new DatabaseSync(join(world.folder, "traffic.db"));
      other.exec("begin immediate");
      const { status, headers, text } = await world.arrive(orders);
      other.exec("rollback");
      other.close();
      assert.equal(status, 503);
      assert.ok(Number(headers["retry-after"]) > 0);
      assert.equal((JSON.parse(text) as { error: string }).error, "unavailable");
      assert.equal((await world.arrive(orders)).status, 200);
    } finally {
      await world.close();
    }
  });
});
