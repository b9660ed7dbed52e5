import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { listen } from "../src/engines/inbound/node-http.ts";
import {
  defaultLimits,
  type RawAnswer,
  type RawRequest,
  type StreamedAnswer,
} from "../src/engines/inbound/inbound.ts";
import type { Exchange, Headers } from "../src/kernel/exchange.ts";
import { updateWorkspace } from "../src/planes/account/operations/update-workspace.ts";
import { createEndpoint } from "../src/planes/webhooks/operations/create-endpoint.ts";
import { traffic } from "../src/planes/traffic/plane.ts";
import { webhooks } from "../src/planes/webhooks/plane.ts";
import { startCourier } from "../src/registry/courier.ts";
import type { Engines } from "../src/registry/engines.ts";
import { invoke, type Output } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";
import { startRunner } from "../src/registry/runner.ts";
import { waitFor } from "../src/registry/wait.ts";
import type { Plan } from "../src/registry/workspace.ts";
import { runScenario, scopeNeeded, type Scenario } from "./scenario.ts";
import { surfaces, type SurfaceName } from "./surface-calls.ts";
import { authenticatorOf, callerOf, openWorld, principalFor, type World } from "./world.ts";

/** No wait of a test is longer; what it waits for comes long before. */
const waitMsMax = 20_000;

/** A world in which the planes of traffic are at work: what arrives is delivered to a real target. */
export type RunningWorld = World & {
  /** A workspace with these limits of its plan changed; answers its id. */
  newWorkspace(plan?: Partial<Plan>): Promise<string>;
  readonly target: Target;
  /** The listener's base URL. */
  readonly url: string;
  /** As a member of the workspace who may do everything. */
  call(workspace: string, it: Operation, input: object): Promise<Output>;
  /** An endpoint that delivers to the target unless told otherwise. */
  endpointIn(workspace: string, input?: Output): Promise<MadeEndpoint>;
  /** Hands a request to the ingress route itself. */
  arrive(endpoint: MadeEndpoint, arrival?: Arriving): Promise<Answered>;
  /** Moves the clock and wakes what is due by then. */
  moveOn(ms: number): void;
  /** Moves the clock a second every 20 ms until the work is done: for jobs that look again and again. */
  whileTimePasses<T>(work: Promise<T>): Promise<T>;
  /** Lets go what waits over the quota and is allowed by now, which happens every 5 s in a server. */
  releaseQuota(): Promise<void>;
  /** Looks at alerts as a server does every ten seconds, and has what they say on its way. */
  lookAtAlerts(): Promise<void>;
  /** Removes a job behind the server's back, as a fault of the server would. */
  dropJob(id: string): void;
  /** Resolves once no job is being worked on. */
  idle(): Promise<void>;
  /** The attempts at an event, once there are this many. */
  attemptsAt(workspace: string, event: string, count: number): Promise<readonly Exchange[]>;
  /** What an event came to: itself when it ended on arrival, else the attempt or the giving up that was its last. */
  endingOf(workspace: string, event: string): Promise<Exchange>;
};

export type MadeEndpoint = {
  readonly id: string;
  readonly slug: string;
  /** Where the listener is asked: the host of the ingest URL is made up. */
  readonly path: string;
  readonly ingestUrl: string;
  readonly version: number;
};

export type Arriving = {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array;
  /** With `?`. */
  readonly query?: string;
};

export type Answered = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The id of the accepted event, or "". */
  readonly id: string;
};

export async function openRunningWorld(
  change: (engines: Engines) => Engines = (engines) => engines,
  url: string | null = null,
): Promise<RunningWorld> {
  const world = await openWorld(url);
  const target = await openTarget();
  const wakes = new Set<() => void>();
  const { settings } = world.engines;
  const replayed = {
    ...world.engines,
    settings: { ...settings, replayTargets: [new URL(target.url).origin] },
  };
  const engines = change(wakeable(replayed, wakes));
  const { routes, jobs, messages, upkeep } = await webhooks.start(engines);
  const captured = await traffic.start(engines, await authenticatorOf(engines));
  const [ingress] = routes;
  assert.ok(ingress, "the plane has its ingress");
  const courier = startCourier([...messages, ...captured.messages], engines);
  const runner = startRunner([...jobs, ...captured.jobs], engines);
  const limits = defaultLimits;
  const { clock, log } = engines;
  const inbound = await listen({
    host: "127.0.0.1",
    port: 0,
    routes: [...routes, ...captured.routes],
    app: null,
    limits,
    clock,
    log,
  });

  /** Traffic has been told of it once this resolves. */
  async function call(workspace: string, it: Operation, input: object): Promise<Output> {
    const output = await invoke(it, input, callerOf(principalFor(it, workspace, "all")), engines);
    await courier.flush();
    return output;
  }

  async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const found = await waitFor(look, engines.traffic, waitMsMax, new AbortController().signal);
    assert.ok(found !== undefined, `${what} did not come`);
    return found;
  }

  function moveOn(ms: number): void {
    world.clock.advance(ms);
    for (const wake of wakes) wake();
  }

  return {
    ...world,
    engines,
    async newWorkspace(plan: Partial<Plan> = {}) {
      const id = await world.newWorkspace();
      if (Object.keys(plan).length > 0) await call(id, updateWorkspace, { plan });
      return id;
    },
    target,
    url: inbound.url,
    call,
    async endpointIn(workspace, input = {}) {
      const given = { name: "orders", targetUrl: target.url, ...input };
      const { id, slug, ingestUrl, version } = await call(workspace, createEndpoint, given);
      const made = { id: String(id), slug: String(slug), ingestUrl: String(ingestUrl) };
      return { ...made, path: new URL(made.ingestUrl).pathname, version: Number(version) };
    },
    async arrive(endpoint, arrival = {}) {
      return answeredWith(await ingress.handle(rawRequest(endpoint, arrival, clock.now())));
    },
    moveOn,
    async whileTimePasses(work) {
      const ticking = setInterval(moveOn, 20, 1_000);
      return work.finally(() => clearInterval(ticking));
    },
    async releaseQuota() {
      for (const { run } of upkeep) await run();
    },
    async lookAtAlerts() {
      for (const { run } of captured.upkeep) await run();
      await courier.flush();
    },
    dropJob(id) {
      const file = new DatabaseSync(join(world.folder, "traffic.db"));
      const { changes } = file.prepare("delete from job where id = ?").run(id);
      file.close();
      assert.equal(changes, 1);
    },
    async idle() {
      await eventually("rest", async () => (runner.running() === 0 ? true : undefined));
    },
    attemptsAt: (workspace, event, count) =>
      eventually(`attempt ${count} at ${event}`, async () => {
        const children = await engines.ledger.children(workspace, event, 100);
        const attempts = children.filter(({ kind }) => kind !== "event");
        return attempts.length >= count ? attempts : undefined;
      }),
    endingOf(workspace, event) {
      assert.notEqual(event, "", "what was not accepted has no ending");
      return eventually(`the ending of ${event}`, async () => {
        const root = await engines.ledger.get(workspace, { id: event });
        const children = await engines.ledger.children(workspace, event, 100);
        // A duplicate is a child too, and ends itself alone.
        const own = [root, ...children.filter(({ kind }) => kind !== "event")];
        return own.find((it) => it !== undefined && it.ending !== null);
      });
    },
    async close() {
      await inbound.close(0);
      await runner.stop(waitMsMax);
      await courier.stop();
      await target.close();
      await world.close();
    },
  };
}

/** The queue tells its listeners by real time when something is due; a clock that is moved has to tell them itself. */
function wakeable(engines: Engines, wakes: Set<() => void>): Engines {
  const { queue } = engines.traffic;
  const onWork = (listener: () => void) => {
    const stop = queue.onWork(listener);
    wakes.add(listener);
    return () => {
      wakes.delete(listener);
      stop();
    };
  };
  return { ...engines, traffic: { ...engines.traffic, queue: { ...queue, onWork } } };
}

function rawRequest({ path }: MadeEndpoint, arrival: Arriving, receivedAt: number): RawRequest {
  const { method = "POST", headers = [], body = '{"type":"order.created"}', query = "" } = arrival;
  const bytes = Buffer.from(body);
  return {
    method,
    target: path + query,
    headers,
    header: (name) => headers.find(([given]) => given.toLowerCase() === name)?.[1],
    remoteAddress: "203.0.113.9",
    signal: new AbortController().signal,
    receivedAt,
    body: async (max) => (bytes.length > max ? { kind: "too_large" } : { kind: "whole", bytes }),
  };
}

function answeredWith(answer: RawAnswer | StreamedAnswer): Answered {
  assert.ok("body" in answer, "no webhook is answered by a stream");
  const text = String(answer.body);
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
  );
  return { status: answer.status, headers, text, id: /"id":"(ex_[0-9a-f]{32})"/.exec(text)?.[1] ?? "" };
}

/** What reached a target, as it came. */
export type Reached = {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Buffer;
  /** First value by lowercase name. */
  header(name: string): string | undefined;
};

export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type Target = {
  readonly url: string;
  /** In the order they came. */
  readonly reached: readonly Reached[];
  /** How to answer from now on, by what came. */
  answer(reply: (request: Reached) => Reply | Promise<Reply>): void;
  /** Resolves once this many requests came since the target was opened. */
  came(count: number): Promise<void>;
  close(): Promise<void>;
};

/** A server on loopback that keeps what reaches it and answers 200 until told otherwise. */
export async function openTarget(): Promise<Target> {
  const reached: Reached[] = [];
  let reply: (request: Reached) => Reply | Promise<Reply> = () => ({ status: 200, body: "ok" });
  let arrived = Promise.withResolvers<void>();

  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readWhole(incoming);
    reached.push(request);
    arrived.resolve();
    arrived = Promise.withResolvers();
    const { status, headers = {}, body = "" } = await reply(request);
    response.writeHead(status, headers).end(body);
  }

  const server = createServer((incoming, response) => void take(incoming, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    reached,
    answer(next) {
      reply = next;
    },
    async came(count) {
      while (reached.length < count) await arrived.promise;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function readWhole(incoming: IncomingMessage): Promise<Reached> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const raw = incoming.rawHeaders;
  const headers = Array.from(
    { length: raw.length / 2 },
    (_, i) => [raw[2 * i] ?? "", raw[2 * i + 1] ?? ""] as const,
  );
  return {
    method: incoming.method ?? "",
    url: incoming.url ?? "",
    headers,
    body: Buffer.concat(chunks),
    header: (name) => headers.find(([given]) => given.toLowerCase() === name)?.[1],
  };
}

/** A scenario whose preparation needs traffic: it gets the world, and the workspace that is its own. */
export type RunningScenario = Omit<Scenario, "given"> & {
  readonly given?: (world: RunningWorld, workspace: string) => Promise<Output>;
};

/** As `scenarios`, in a world that is at work. */
export function runningScenarios(it: Operation, list: readonly RunningScenario[]): void {
  inRunningWorld(it.name, (world) => {
    for (const scenario of [scopeNeeded(it), ...list])
      for (const surface of surfacesOf(it))
        test(`${it.name} over ${surface}: ${scenario.name}`, () =>
          runRunning(world(), it, scenario, surface));
  });
}

/** As `dryRunLeavesNothing`, in a world that is at work. */
export function runningDryRunLeavesNothing(
  it: Operation,
  { given, input }: Pick<RunningScenario, "given" | "input">,
): void {
  inRunningWorld(`${it.name} dry run`, (world) => {
    for (const surface of surfacesOf(it))
      test(`${it.name} over ${surface}: a dry run leaves nothing behind and opens no socket`, async () => {
        const workspace = await world().newWorkspace();
        const prepared = (await given?.(world(), workspace)) ?? {};
        const asked = typeof input === "function" ? input(prepared) : input;
        const reach = { it, engines: world().engines, principal: principalFor(it, workspace, "all") };
        const sends = world().sends.length;
        world().mark();
        const rehearsed = await surfaces[surface](reach, { ...asked, dryRun: true });
        assert.ok("gives" in rehearsed, `it fails: ${JSON.stringify(rehearsed)}`);
        assert.equal(rehearsed.gives["dryRun"], true);
        assert.deepEqual(world().leftBehind(), {});
        assert.equal(world().sends.length, sends);
        assert.ok("gives" in (await surfaces[surface](reach, asked)));
        assert.notDeepEqual(world().leftBehind(), {});
      });
  });
}

function inRunningWorld(name: string, register: (world: () => RunningWorld) => void): void {
  describe(name, () => {
    let world: RunningWorld | undefined;
    before(async () => {
      world = await openRunningWorld();
    });
    after(() => world?.close());
    register(() => {
      assert.ok(world, "the world is opened before the first test");
      return world;
    });
  });
}

async function runRunning(
  world: RunningWorld,
  it: Operation,
  { given, ...scenario }: RunningScenario,
  surface: SurfaceName,
): Promise<void> {
  const workspace = await world.newWorkspace();
  const prepared = (await given?.(world, workspace)) ?? {};
  const prepare = { given: async () => prepared };
  // The scenario runs in the workspace that was prepared for it.
  const own: World = { ...world, newWorkspace: async () => workspace };
  await runScenario({ it, scenario: { ...scenario, ...prepare }, surface, world: own });
}

export function surfacesOf({ reach }: Operation): readonly SurfaceName[] {
  return reach === "people" ? ["direct", "rest", "cli"] : ["direct", "rest", "cli", "mcp"];
}

/** What GitHub sends with a body, signed with the secret. */
export function githubHeaders(secret: string, body: string | Uint8Array, delivery: string): Headers {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return [
    ["Content-Type", "application/json"],
    ["X-GitHub-Event", "push"],
    ["X-GitHub-Delivery", delivery],
    ["X-Hub-Signature-256", `sha256=${signature}`],
  ];
}
