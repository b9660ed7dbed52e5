// What the state of the server does to a process under capture: requests' 99th percentile, CPU and memory while the server
// takes everything, refuses connections, never answers, answers slowly, or has no room; against the same without capture.
//
//   node bench/capture-away.ts [rounds, 6] [requests of a round, 6000]
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import autocannon from "autocannon";
import { exampleKey, exampleSettings } from "../sdk/test/receiver.ts";
import { machine, median } from "./bench-server.ts";

const rounds = Number(process.argv[2] ?? 6);
const requests = Number(process.argv[3] ?? 6_000);
const connections = 8;
const slowMs = 3_000;
const body = JSON.stringify({ items: Array.from({ length: 12 }, (_, id) => ({ id, name: "x".repeat(80) })) });
const settings = JSON.stringify({ ...exampleSettings, flushEveryMs: 1_000 });

/** What becomes of a batch; settings are always given, so that all of them capture alike. */
const states: Readonly<Record<string, RequestListener | null>> = {
  "takes everything": (request, response) => {
    request.resume().on("end", () => response.writeHead(202).end("{}"));
  },
  "never answers": (request) => void request.resume(),
  "answers slowly": (request, response) => {
    request.resume().on("end", () => setTimeout(() => response.writeHead(202).end("{}"), slowMs));
  },
  "is full": (request, response) => {
    request.resume().on("end", () => response.writeHead(503, { "retry-after": "1" }).end("{}"));
  },
  "breaks off": (request) => void request.socket.destroy(),
};

type Row = {
  readonly name: string;
  readonly child: ChildProcess;
  readonly url: string;
  readonly p99Ms: number[];
  readonly mainUs: number[];
  rssMb: number;
  dropped: string;
};
type Spent = {
  readonly mainUs: number;
  readonly rssMb?: number;
  readonly stats: { readonly dropped: Readonly<Record<string, number>> } | null;
};

const receivers = Object.entries(states).map(([name, onBatch]) => {
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/capture/v1/settings") === true) {
      response.writeHead(200, { "content-type": "application/json", etag: '"1"' }).end(settings);
    } else onBatch?.(request, response);
  });
  return { name, server: server.listen(0, "127.0.0.1") };
});
await Promise.all(receivers.map(({ server }) => once(server, "listening")));

async function begin(name: string, mode: "bare" | "captured", url: string): Promise<Row> {
  const env = { ...process.env, SLUICE_URL: url, SLUICE_KEY: exampleKey };
  const child = fork(new URL("capture-server.ts", import.meta.url), [mode], { env });
  const [{ url: own }] = (await once(child, "message")) as [{ url: string }];
  return { name, child, url: `${own}/echo`, p99Ms: [], mainUs: [], rssMb: 0, dropped: "" };
}

const rows = [await begin("no capture", "bare", "")];
for (const { name, server } of receivers)
  rows.push(await begin(name, "captured", `http://127.0.0.1:${(server.address() as AddressInfo).port}`));

async function round(row: Row, isCounted: boolean): Promise<void> {
  row.child.send("start");
  await once(row.child, "message");
  const { url } = row;
  const result = await autocannon({
    url,
    connections,
    amount: requests,
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  if (result["2xx"] !== requests)
    throw new Error(`${row.name}: ${result.non2xx} refused, ${result.errors} errors`);
  row.child.send("stop");
  const [spent] = (await once(row.child, "message")) as [Spent];
  row.rssMb = spent.rssMb ?? 0;
  row.dropped =
    spent.stats === null
      ? ""
      : JSON.stringify(
          Object.fromEntries(Object.entries(spent.stats.dropped).filter(([, count]) => count > 0)),
        );
  if (!isCounted) return;
  row.p99Ms.push(result.latency.p99);
  row.mainUs.push(spent.mainUs / requests);
}

for (let n = 0; n <= rounds; n++)
  for (const row of n % 2 === 0 ? rows : rows.toReversed()) await round(row, n > 0);
for (const { child } of rows) child.kill();
for (const { server } of receivers) {
  server.closeAllConnections();
  server.close();
}

const [, healthy] = rows;
const usual = median(healthy?.p99Ms ?? []);
console.log(
  `under capture while the server…, Express, ${rounds} rounds of ${requests} requests (${machine()})`,
);
for (const { name, p99Ms, mainUs, rssMb, dropped } of rows)
  console.log(
    `  ${name.padEnd(17)} p99 ${median(p99Ms).toFixed(1).padStart(6)} ms (${(median(p99Ms) / usual).toFixed(2)} of that with a server that takes everything), main thread ${median(mainUs).toFixed(0).padStart(4)} us, RSS ${rssMb.toFixed(0)} MB ${dropped === "{}" || dropped === "" ? "" : `, dropped ${dropped}`}`,
  );
