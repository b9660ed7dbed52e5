import { join } from "node:path";
import type { Config } from "./config.ts";
import { databases } from "./engines/databases.ts";
import type { Federation } from "./engines/federation/federation.ts";
import { openidFederation } from "./engines/federation/openid.ts";
import { oidcIdentity } from "./engines/identity/oidc.ts";
import { listenEcho } from "./engines/inbound/echo.ts";
import { defaultLimits, type Inbound, type Limits } from "./engines/inbound/inbound.ts";
import { listen } from "./engines/inbound/node-http.ts";
import { parseAddress, within, type Cidr } from "./engines/outbound/address.ts";
import { ownListeners } from "./engines/outbound/own-listeners.ts";
import { undiciOutbound } from "./engines/outbound/undici.ts";
import { openDataFolder } from "./engines/sqlite/data-folder.ts";
import { openKeyFile } from "./engines/vault/key-file.ts";
import { keyRingVault } from "./engines/vault/key-ring.ts";
import { wallClock, type Clock } from "./kernel/clock.ts";
import { planeNames } from "./kernel/exchange.ts";
import type { Failure } from "./kernel/failure.ts";
import type { Secret } from "./kernel/secret.ts";
import { identityNeeds } from "./planes/account/oauth/identity-needs.ts";
import { callbackPath } from "./planes/account/people/external-journey.ts";
import { bootstrap, type FirstStart } from "./planes/account/bootstrap.ts";
import { firstOwner } from "./planes/account/people/owner.ts";
import { account, inEveryView } from "./planes/account/plane.ts";
import { planes } from "./planes/planes.ts";
import { callRate, rateLimited } from "./registry/call-rate.ts";
import { catalogueOf } from "./registry/catalogue.ts";
import { startCaretaker } from "./registry/caretaker.ts";
import { startCourier } from "./registry/courier.ts";
import type { Engines } from "./registry/engines.ts";
import type { Operation } from "./registry/operation.ts";
import type { Plane, Running } from "./registry/plane.ts";
import { metrics } from "./registry/metrics.ts";
import { startRunner } from "./registry/runner.ts";
import { verifyKeys } from "./registry/vault-keys.ts";
import { mcpRoutes } from "./surfaces/mcp/mcp-routes.ts";
import type { Toolsets } from "./surfaces/mcp/view.ts";
import { healthApp } from "./surfaces/rest/health.ts";
import { openapiApp, type About } from "./surfaces/rest/openapi.ts";
import { referenceApp } from "./surfaces/rest/reference/reference.ts";
import { restApp } from "./surfaces/rest/rest.ts";
import { rootApp } from "./surfaces/rest/root.ts";

const echoHost = "127.0.0.1";
const graceMs = 20_000;

export const operations = planes.flatMap((plane) => plane.operations);
/** What a document of the configuration describes. */
export const declared = planes.flatMap((plane: Plane) => plane.declares ?? []);

/** What is listed together over MCP. A plane that is to come has a toolset already, which is empty. */
export const toolsets: Toolsets = { names: planeNames, of: planeOf, everyView: inEveryView };

export type Sluice = {
  /** Where it listens, without a trailing slash. */
  readonly url: string;
  readonly publicUrl: string;
  readonly echoUrl: string;
  readonly mcpEnabled: boolean;
  /** On the very first start only. */
  readonly first: FirstStart | undefined;
  /** For the first owner, as long as they have no other way to sign in. */
  readonly signInLink: Secret | undefined;
  readonly engines: Engines;
  /** Resolves when a newer version has changed what is stored so that this one is to be closed; else never. */
  readonly outdated: Promise<Failure>;
  /** Takes no more, lets work under way finish for up to 20 s, then closes everything in order. */
  close(): Promise<void>;
};

export type Composition = {
  readonly config: Config;
  readonly version: string;
  readonly log: (line: string) => void;
  /** Puts something between the planes and their engines: fault tests and benchmarks. */
  readonly wrap?: (engines: Engines) => Engines;
  /** The wall clock unless given: fault tests move it. */
  readonly clock?: Clock;
  /** The default ones unless given: fault tests reach them with less. */
  readonly limits?: Limits;
};

/**
 * Opens everything in order and listens: data folder, engines, planes, surfaces.
 *
 * @throws Failure that says what is in the way; then nothing is left open
 */
export async function compose(composition: Composition): Promise<Sluice> {
  const closing: Closing = [];
  try {
    const opened = await openEngines(composition, closing);
    const { engines, own, folder, address, outdated } = opened;
    await verifyKeys(engines);
    const first = await bootstrap(engines, composition.config.SLUICE_BOOTSTRAP_API_KEY);
    const inbound = await startPlanes(composition, engines, closing);
    address.url = inbound.url;
    own.add(composition.config.SLUICE_HOST, inbound.port);
    folder.setAddress(inbound.url, engines.settings.echoUrl);
    const signInLink = await firstOwner(engines);
    return {
      url: inbound.url,
      publicUrl: engines.settings.publicUrl,
      echoUrl: engines.settings.echoUrl,
      mcpEnabled: composition.config.MCP_SERVER_ENABLED,
      first,
      signInLink,
      engines,
      outdated,
      close: () => closeAll(closing),
    };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

/** What was opened, the latest first: the order to close it in. */
type Closing = (() => unknown)[];

async function openEngines(composition: Composition, closing: Closing) {
  const { config, version, log, wrap = (engines) => engines, clock = wallClock } = composition;
  const folder = openDataFolder(config.SLUICE_DATA_DIR, clock);
  closing.unshift(() => folder.close());
  const vault = keyRingVault(config.SLUICE_VAULT_KEYS ?? openKeyFile(join(folder.path, "keys")));
  const open = config.SLUICE_DATABASE_URL === null ? databases.sqlite : databases.postgres;
  const database = await open({ folder: folder.path, url: config.SLUICE_DATABASE_URL, clock, version, log });
  closing.unshift(() => database.close());
  const own = ownListeners();
  const echo = await listenEcho(echoHost);
  closing.unshift(() => echo.close());
  own.addEcho(echoHost, echo.port);
  const outbound = undiciOutbound({ allow: config.SLUICE_OUTBOUND_ALLOW, own, clock });
  closing.unshift(() => outbound.close());
  const address = { url: "" };
  const settings = {
    echoUrl: echo.url,
    ingestRate: config.SLUICE_INGEST_RATE,
    replayTargets: config.SLUICE_REPLAY_TARGETS,
    // The port is known once it is bound.
    get publicUrl() {
      return config.SLUICE_PUBLIC_URL ?? address.url;
    },
  };
  const { store, traffic, ledger, counters } = database;
  const mechanisms = {
    clock,
    store,
    traffic,
    ledger,
    counters,
    outbound,
    vault,
    log,
    settings,
    catalogue: catalogueOf(planes),
    federation: federationOf(config, () => `${settings.publicUrl}${callbackPath}`, { clock, log, outbound }),
  };
  const needs = identityNeeds(mechanisms);
  closing.unshift(() => needs.stop());
  const engines = wrap({ ...mechanisms, identity: oidcIdentity(needs) });
  return { engines, own, folder, address, outdated: database.outdated };
}

function federationOf(
  config: Config,
  redirectUri: () => string,
  { clock, log, outbound }: Pick<Engines, "clock" | "log" | "outbound">,
): Federation | null {
  const { SLUICE_OIDC_ISSUER: issuer, SLUICE_OIDC_CLIENT_ID: clientId } = config;
  const clientSecret = config.SLUICE_OIDC_CLIENT_SECRET;
  if (issuer === null || clientId === null || clientSecret === null) return null;
  return openidFederation({ issuer, clientId, clientSecret, redirectUri, clock, log, send: outbound.send });
}

async function startPlanes(
  { config, version, log, limits = defaultLimits }: Composition,
  engines: Engines,
  closing: Closing,
): Promise<Inbound> {
  const accounts = await account.start(engines);
  const { authenticate, watch } = accounts;
  const others = planes.filter(({ name }) => name !== account.name);
  const started = await Promise.all(others.map((plane) => plane.start(engines, authenticate)));
  const running: readonly Running[] = [...started, accounts];
  for (const plane of running) closing.unshift(() => plane.stop?.());
  const rate = callRate(config.SLUICE_API_RATE, engines);
  const mcp = {
    operations,
    documents: planes.flatMap((plane) => plane.documents),
    prompts: planes.flatMap((plane) => plane.prompts),
    toolsets,
    engines,
    enabled: config.MCP_SERVER_ENABLED,
    serverInfo: { name: "sluice", title: "Sluice", version },
    authenticate: rateLimited(authenticate, rate, engines),
    watch,
  };
  const courier = startCourier(
    running.flatMap(({ messages }) => messages),
    engines,
  );
  closing.unshift(() => courier.stop());
  const caretaker = startCaretaker(
    running.flatMap(({ upkeep }) => upkeep),
    engines,
  );
  closing.unshift(() => caretaker.stop());
  const runner = startRunner(
    running.flatMap(({ jobs }) => jobs),
    engines,
  );
  closing.unshift(() => runner.stop(graceMs));
  const health = { ready: () => ready(engines), metrics: () => metrics(engines, runner, inbound) };
  const apps = [
    restApp({ operations, engines, authenticate, watch, rate }),
    openapiApp(operations, describedAs(engines, version)),
    referenceApp(operations, describedAs(engines, version)),
    healthApp(health),
  ];
  const inbound = await listen({
    host: config.SLUICE_HOST,
    port: config.SLUICE_PORT,
    routes: [...running.flatMap(({ routes }) => routes), ...mcpRoutes(mcp)],
    app: rootApp(apps, log),
    limits,
    clock: engines.clock,
    trustedProxies: trusting(config.SLUICE_TRUSTED_PROXIES),
    log,
  });
  closing.unshift(() => inbound.close(graceMs));
  return inbound;
}

function trusting(ranges: readonly Cidr[]): ((address: string) => boolean) | undefined {
  if (ranges.length === 0) return undefined;
  return (text) => {
    const address = parseAddress(text);
    return address !== undefined && ranges.some((range) => within(address, range));
  };
}

async function closeAll(closing: Closing): Promise<void> {
  for (let close = closing.shift(); close !== undefined; close = closing.shift()) await close();
}

function planeOf(it: Operation): string | undefined {
  return planes.find((plane) => plane.operations.includes(it))?.name;
}

/** Read when the document is first asked for: by then the port is known. */
function describedAs({ settings }: Engines, version: string): About {
  return {
    version,
    get publicUrl() {
      return settings.publicUrl;
    },
    planeOf,
  };
}

/** Whether each part can do its work: asked by /readyz. */
async function ready({ store, traffic, ledger }: Engines) {
  const checks: readonly (readonly [name: string, check: () => Promise<unknown>])[] = [
    ["store", () => store.outbox.pending(1)],
    [
      "journal",
      // An amount of 0 would change nothing, and what changes nothing is not written.
      () => traffic.journal.commit({ exchanges: [], jobs: [], tally: [{ key: "ready", amount: 1 }] }),
    ],
    ["queue", () => traffic.queue.depth()],
    ["ledger", () => ledger.position()],
  ];
  return Promise.all(
    checks.map(async ([name, check]) => {
      try {
        await check();
        return { name, ok: true, detail: "works" };
      } catch (error) {
        return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
