import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bringIn, type Told } from "../../../../test/captured.ts";
import {
  openRunningWorld,
  openTarget,
  runningScenarios,
  type RunningWorld,
  type Target,
} from "../../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { compareVersions } from "./compare-versions.ts";

const json = { "content-type": "application/json" };

function get(path: string, route: string): Told {
  return { method: "GET", target: path, route };
}

function captured(...told: readonly Told[]) {
  return async ({ engines, target }: RunningWorld, workspace: string): Promise<Output> => {
    await bringIn({ engines, workspace }, told);
    const { origin } = new URL(target.url);
    return { baseline: origin, candidate: origin };
  };
}

runningScenarios(compareVersions, [
  {
    name: "a candidate that the operator did not name",
    scopes: "all",
    given: captured(get("/users/1", "/users/:id")),
    input: ({ baseline }) => ({ baseline, candidate: "https://api.example.com" }),
    fails: { kind: "forbidden", pointer: "/candidate" },
    leaves: {},
  },
  {
    name: "a dry run says what would be sent, and sends nothing",
    scopes: ["traffic:replay", "traffic:read"],
    given: captured(get("/users/1", "/users/:id"), get("/users/2", "/users/:id")),
    input: (given) => ({ ...given, limit: 1, dryRun: true }),
    gives: {
      state: "planned",
      sends: 0,
      verdict: "1 of 1 requests would be sent, each 3 times: call again without dryRun.",
    },
    leaves: {},
  },
]);

describe("compare_versions", () => {
  let world: RunningWorld;
  let baseline: Target;
  let candidate: Target;
  let down: string;
  before(async () => {
    [baseline, candidate] = [await openTarget(), await openTarget()];
    const gone = await openTarget();
    down = new URL(gone.url).origin;
    await gone.close();
    const replayTargets = [baseline.url, candidate.url, gone.url].map((url) => new URL(url).origin);
    world = await openRunningWorld((engines) => ({
      ...engines,
      settings: { ...engines.settings, replayTargets },
    }));
  });
  after(async () => {
    await world.close();
    await baseline.close();
    await candidate.close();
  });

  async function compared(told: readonly Told[], input: Output = {}) {
    const workspace = await world.newWorkspace();
    const { ids } = await bringIn({ engines: world.engines, workspace }, told);
    const asked = {
      baseline: new URL(baseline.url).origin,
      candidate: new URL(candidate.url).origin,
      ...input,
    };
    const answer = compareVersions.output.parse(await world.call(workspace, compareVersions, asked));
    return { ids, workspace, answer };
  }

  /** Each answers as it is told by path, and with what is new each time. */
  function versions(
    known: Readonly<Record<string, object>>,
    changed: Readonly<Record<string, object>>,
  ): void {
    let made = 0;
    const answering =
      (bodies: Readonly<Record<string, object>>) =>
      ({ url }: { readonly url: string }) => {
        const body = bodies[url];
        if (body === undefined) return { status: 404, headers: json, body: "{}" };
        made++;
        return { status: 200, headers: json, body: JSON.stringify({ ...body, traceId: `t${made}` }) };
      };
    baseline.answer(answering(known));
    candidate.answer(answering({ ...known, ...changed }));
  }

  test("shows no credential, which the name of its member or of what it is in makes one", async () => {
    versions(
      { "/keys/1": { password: "fake-one", auth: { secret: ["fake-one"] }, color: "red" } },
      { "/keys/1": { password: "fake-two", auth: { secret: ["fake-two"] }, color: "blue" } },
    );
    const { answer } = await compared([get("/keys/1", "/keys/:id")]);
    assert.doesNotMatch(JSON.stringify(answer), /fake-/);
    assert.deepEqual(answer.routes[0]?.examples[0]?.untrusted.differences, [
      { kind: "value", at: "/password", baseline: '"[redacted]"', candidate: '"[redacted]"' },
      { kind: "value", at: "/auth/secret/0", baseline: "[redacted]", candidate: "[redacted]" },
      { kind: "value", at: "/color", baseline: '"red"', candidate: '"blue"' },
    ]);
  });

  test("tells by route what the candidate answers otherwise, but for what is new each time", async () => {
    versions(
      { "/users/1": { name: "Ada", age: 36 }, "/carts/1": { items: [] } },
      { "/users/1": { name: "Ada", age: "36" } },
    );
    const { ids, answer } = await compared([
      get("/users/1", "/users/:id"),
      get("/carts/1", "/carts/:id"),
      get("/none", "/none"),
    ]);
    assert.equal(
      answer.verdict,
      "The candidate answers 1 of 3 otherwise than the baseline, on 1 of 3 routes.",
    );
    assert.partialDeepStrictEqual(answer, {
      state: "compared",
      sends: 9,
      same: 2,
      different: 1,
      notCompared: [],
    });
    assert.deepEqual(answer.routes[0], {
      same: 0,
      different: 1,
      notCompared: 0,
      examples: [
        {
          requestId: ids[0],
          untrusted: { differences: [{ kind: "type", at: "/age", baseline: "36", candidate: '"36"' }] },
        },
      ],
      untrusted: { method: "GET", route: "/users/:id", volatile: ["/traceId"] },
    });
  });

  test("a status is told alone, as what is wrong", async () => {
    versions({ "/users/1": { name: "Ada" } }, {});
    candidate.answer(() => ({ status: 500, headers: json, body: '{"error":"boom"}' }));
    const { answer } = await compared([get("/users/1", "/users/:id")]);
    assert.deepEqual(answer.routes[0]?.examples[0]?.untrusted.differences, [
      { kind: "status", at: "status", baseline: "200", candidate: "500" },
    ]);
  });

  test("links to the server itself are no difference", async () => {
    for (const version of [baseline, candidate])
      version.answer(() => ({
        status: 200,
        headers: { ...json, location: `${new URL(version.url).origin}/next` },
        body: JSON.stringify({ next: `${new URL(version.url).origin}/next` }),
      }));
    const { answer } = await compared([get("/users/1", "/users/:id")]);
    assert.equal(answer.verdict, "The candidate answers all 1 as the baseline does.");
  });

  test("every route has its turn before one of them has more", async () => {
    versions({}, {});
    const many = Array.from({ length: 8 }, (_, n) => get(`/users/${n}`, "/users/:id"));
    const { answer } = await compared([get("/carts/1", "/carts/:id"), ...many], { limit: 3 });
    const asked = new Map(answer.routes.map(({ same, untrusted: { route } }) => [route, same]));
    assert.deepEqual([asked.get("/users/:id"), asked.get("/carts/:id")], [2, 1]);
  });

  test("a version that is not there is not taken for one that answers alike", async () => {
    versions({ "/users/1": { name: "Ada" } }, {});
    for (const which of ["baseline", "candidate"]) {
      const { answer } = await compared([get("/users/1", "/users/:id")], { [which]: down });
      assert.partialDeepStrictEqual(answer, {
        same: 0,
        different: 0,
        notCompared: [{ reason: `the ${which} was not reached`, requests: 1 }],
        verdict: "Nothing was compared: 1 could not be compared.",
      });
    }
  });

  test("what is another one each time is not compared, and said to be so", async () => {
    let made = 0;
    for (const version of [baseline, candidate])
      version.answer(() => ({ status: 200, headers: { "content-type": "text/plain" }, body: `${made++}` }));
    const { answer } = await compared([get("/clock", "/clock")]);
    assert.deepEqual(answer.notCompared, [{ reason: "its answer is another one each time", requests: 1 }]);
  });

  test("a call that is cancelled sends no more, and says so", async () => {
    const sent = baseline.reached.length;
    const workspace = await world.newWorkspace();
    await bringIn({ engines: world.engines, workspace }, [get("/users/1", "/users/:id")]);
    const asked = { baseline: new URL(baseline.url).origin, candidate: new URL(candidate.url).origin };
    const caller = { ...callerOf(principalOf(workspace, "all")), signal: AbortSignal.abort() };
    const answer = await invoke(compareVersions, asked, caller, world.engines);
    assert.partialDeepStrictEqual(answer, { state: "cut short", sends: 0, same: 0, different: 0 });
    assert.equal(baseline.reached.length, sent);
  });

  test("what was not kept as a whole is not sent", async () => {
    const sent = baseline.reached.length;
    const { answer } = await compared([
      { method: "POST", target: "/users", request: { text: "{", truncated: true } },
    ]);
    assert.deepEqual(answer.notCompared, [{ reason: "its body was not kept as a whole", requests: 1 }]);
    assert.equal(baseline.reached.length, sent);
  });
});

describe("values that were redacted", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  const signedIn: Told = {
    ...get("/me", "/me"),
    request: { headers: [["Authorization", "Bearer example-example-example"]] },
  };
  const fake = "fake-of-the-test-server";

  async function asked(input: Output) {
    const workspace = await world.newWorkspace();
    const given = await captured(signedIn)(world, workspace);
    const answer = await world.call(workspace, compareVersions, { ...given, ...input });
    return { workspace, answer: compareVersions.output.parse(answer) };
  }

  test("are named when none are given, and nothing is sent", async () => {
    const sent = world.target.reached.length;
    const { answer } = await asked({});
    assert.deepEqual(answer.valuesNeeded, ["REDACTED_AUTHORIZATION"]);
    assert.deepEqual(answer.notCompared, [
      { reason: "values were redacted: give them by their names", requests: 1 },
    ]);
    assert.equal(world.target.reached.length, sent);
  });

  test("are sent as they are given, and neither answered nor kept", async () => {
    let made = 0;
    world.target.answer(({ header }) => ({
      status: header("authorization") === `Bearer ${fake}` ? 200 : 401,
      headers: json,
      body: JSON.stringify({ you: header("authorization"), say: made++ === 1 ? fake : "" }),
    }));
    const { workspace, answer } = await asked({ values: { REDACTED_AUTHORIZATION: fake } });
    assert.equal(world.target.reached.at(-1)?.header("authorization"), `Bearer ${fake}`);
    assert.equal(answer.different, 1);
    assert.deepEqual(answer.routes[0]?.examples[0]?.untrusted.differences, [
      { kind: "value", at: "/say", baseline: '""', candidate: '"REDACTED_AUTHORIZATION"' },
    ]);
    const audit = await world.engines.store.audit.list(workspace, { limit: 10 });
    assert.ok(audit.some(({ operation }) => operation === "compare_versions"));
    assert.ok(!JSON.stringify([audit, answer]).includes(fake));
  });
});
