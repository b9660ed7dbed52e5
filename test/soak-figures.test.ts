import assert from "node:assert/strict";
import { test } from "node:test";
import { judged, postgresFigures, serverFigures, type Seen } from "../bench/soak-figures.ts";
import type { DatabaseSample } from "../bench/soak-postgres.ts";

const mib = 2 ** 20;
const perMinute = 60;
/** Five minutes of samples a second. */
const seconds = Array.from({ length: 300 }, (_, second) => second);

/** As a server and its PostgreSQL are at 100 events a second, measured. */
const server: Seen = {
  heapBytes: 110 * mib,
  externalBytes: 50 * mib,
  cpuSeconds: 0,
  loopP50Ms: 5,
  loopP99Ms: 20,
  loopMaxMs: 100,
  rssBytes: 390 * mib,
  openFiles: 70,
  sockets: 46,
  threads: 11,
  walBytes: 56 * mib,
  folderBytes: 0,
  accepted: 0,
  storedBytes: 0,
};
const database: DatabaseSample = {
  walBytes: 96 * mib,
  ownBytes: 105 * mib,
  databaseBytes: 0,
  workBytes: mib,
  sumsBytes: 0,
  usedBytes: 0,
  deadJobs: 0,
  deadLanes: 0,
  deadSums: 0,
  deadUsed: 0,
  deadExchanges: 0,
  keys: 0,
  exchanges: 0,
};

/** What grows as it should: with the events, by 100 of them a second, and is swept every ten seconds. */
function healthyServer(second: number): Seen {
  const accepted = 10_000 + 100 * second;
  return { ...server, accepted, storedBytes: accepted * 3_400 };
}

function healthyDatabase(second: number): DatabaseSample {
  const exchanges = 20_000 + 220 * second;
  const keys = 9_000 + 80 * second;
  const sweep = second % 10;
  return {
    ...database,
    exchanges,
    keys,
    usedBytes: keys * 330,
    sumsBytes: exchanges * 10,
    deadJobs: 200 * sweep,
    deadLanes: 10 * sweep,
    deadSums: 5 * sweep,
    deadUsed: 10 * sweep,
    deadExchanges: 220 * sweep,
  };
}

/** What would be wrong with each figure: what it adds by second, of a leak that a day would make a bad one. */
const leaksOfServer: Readonly<Record<string, (second: number) => Partial<Seen>>> = {
  "RSS, MiB": (second) => ({ rssBytes: server.rssBytes + (second / perMinute) * 16 * mib }),
  "heap, MiB": (second) => ({ heapBytes: server.heapBytes + (second / perMinute) * 8 * mib }),
  "external, MiB": (second) => ({ externalBytes: server.externalBytes + (second / perMinute) * 8 * mib }),
  "WAL, MiB": (second) => ({ walBytes: server.walBytes + (second / perMinute) * 30 * mib }),
  "open files": (second) => ({ openFiles: server.openFiles + Math.floor(second / 10) }),
  sockets: (second) => ({ sockets: server.sockets + Math.floor(second / 10) }),
  threads: (second) => ({ threads: server.threads + Math.floor(second / perMinute) }),
  "stored, B/event": (second) => ({ storedBytes: (10_000 + 100 * second) * (3_400 + 4 * second) }),
};

const leaksOfDatabase: Readonly<Record<string, (second: number) => Partial<DatabaseSample>>> = {
  // A slot that nobody reads: the log is kept from its first byte on, 0.65 MiB a second.
  "PG log, MiB": (second) => ({ walBytes: database.walBytes + second * 0.65 * mib }),
  "PG memory, MiB": (second) => ({ ownBytes: database.ownBytes + (second / perMinute) * 8 * mib }),
  "at work, MiB": (second) => ({ workBytes: database.workBytes + (second / perMinute) * 2 * mib }),
  "sums, B/row": (second) => ({ sumsBytes: (20_000 + 220 * second) * (10 + second / 10) }),
  "used, B/key": (second) => ({ usedBytes: (9_000 + 80 * second) * (330 + second / 2) }),
  // A transaction that someone left open: nothing that died since is swept.
  "dead jobs": (second) => ({ deadJobs: 200 * second }),
  "dead lanes": (second) => ({ deadLanes: 10 * second }),
  "dead sums": (second) => ({ deadSums: 5 * second }),
  "dead used, %": (second) => ({ deadUsed: 80 * second }),
  "dead stored, %": (second) => ({ deadExchanges: 220 * second }),
};

/** What exceeds its bound already when one begins to look, and stays there. */
const tooMuch: Readonly<Record<string, Partial<DatabaseSample>>> = {
  "PG log, MiB": { walBytes: 400 * mib },
  "used, B/key": { usedBytes: 2_000 * 33_000 },
  "dead jobs": { deadJobs: 40_000 },
  "dead lanes": { deadLanes: 20_000 },
  "dead sums": { deadSums: 6_000 },
  "dead used, %": { deadUsed: 12_000 },
  "dead stored, %": { deadExchanges: 40_000 },
};

test("a server and a PostgreSQL that keep to what they should keep are found to", () => {
  assert.deepEqual(excessive(judged(serverFigures, seconds.map(healthyServer))), []);
  assert.deepEqual(excessive(judged(postgresFigures, seconds.map(healthyDatabase))), []);
});

test("each figure that grows is found in five minutes, and no other is blamed", () => {
  assert.deepEqual(Object.keys(leaksOfServer), Object.keys(serverFigures));
  for (const [name, leak] of Object.entries(leaksOfServer)) {
    const samples = seconds.map((second) => ({ ...healthyServer(second), ...leak(second) }));
    assert.deepEqual(excessive(judged(serverFigures, samples)), [name]);
  }
  assert.deepEqual(Object.keys(leaksOfDatabase), Object.keys(postgresFigures));
  for (const [name, leak] of Object.entries(leaksOfDatabase)) {
    const samples = seconds.map((second) => ({ ...healthyDatabase(second), ...leak(second) }));
    assert.deepEqual(excessive(judged(postgresFigures, samples)), [name]);
  }
});

test("what was too much before one began to look is found, though it grows no more", () => {
  for (const [name, excess] of Object.entries(tooMuch)) {
    const samples = seconds.map((second) => ({ ...healthyDatabase(second), ...excess }));
    assert.deepEqual(excessive(judged(postgresFigures, samples)), [name]);
  }
});

function excessive(verdicts: ReturnType<typeof judged>): readonly string[] {
  return verdicts.filter(({ excess }) => excess !== undefined).map(({ name }) => name);
}
