// How much more several nodes on one PostgreSQL carry than one, beside the embedded database: accepted and delivered.
import { fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { z } from "zod";
import { benchPostgres } from "./bench-postgres.ts";
import { benchServer, machine, median, messageOf, type BenchServer } from "./bench-server.ts";

const rounds = Number(process.argv[2] ?? 3);
const events = Number(process.argv[3] ?? 4_000);
const connections = 64;
const endpoints = 50;

const target = fork(new URL("./target.ts", import.meta.url));
const { url: targetUrl } = z.object({ url: z.string() }).parse(await messageOf(target));
const agent = new Agent({ connections, pipelining: 1 });
const postgres = await benchPostgres();

type Cluster = {
  readonly name: string;
  readonly nodes: readonly BenchServer[];
  readonly paths: readonly string[];
};
type Round = { readonly perSecond: number; readonly nodeUs: number; readonly databaseUs: number };

async function cluster(
  name: string,
  count: number,
  settings: Readonly<Record<string, string>>,
): Promise<Cluster> {
  const nodes = await Promise.all(Array.from({ length: count }, () => benchServer("durable", settings)));
  const [first] = nodes;
  if (first === undefined) throw new RangeError("A cluster has at least one node.");
  const paths: string[] = [];
  for (let n = 0; n < endpoints; n++) {
    const made = await first.api("POST", "/endpoints", { name: `bench ${n}`, targetUrl });
    paths.push(new URL(String(made["ingestUrl"])).pathname);
  }
  await first.api("PATCH", "/workspace", { plan: { eventsPerMonth: 1_000_000_000 } });
  return { name, nodes, paths };
}

async function sendAll({ nodes, paths }: Cluster): Promise<void> {
  let left = events;
  const sender = async (): Promise<void> => {
    for (let n = left--; n > 0; n = left--) {
      const answer = await agent.request({
        origin: nodes[n % nodes.length]?.url ?? "",
        path: paths[n % endpoints] ?? "",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ n, data: "x".repeat(960) }),
      });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
}

async function pending(node: BenchServer): Promise<number> {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return Number(/^sluice_jobs_open (\d+)$/m.exec(text)?.[1]);
}

async function round(driven: Cluster): Promise<Round> {
  const from = { at: performance.now(), database: postgres.spentUs() };
  const work = async (): Promise<void> => {
    await sendAll(driven);
    const [first] = driven.nodes;
    while (first !== undefined && (await pending(first)) > 0) await sleep(20);
  };
  const spent = await measured(driven.nodes, work);
  return {
    perSecond: (1_000 * events) / (performance.now() - from.at),
    nodeUs: spent / events,
    databaseUs: (postgres.spentUs() - from.database) / events,
  };
}

/** CPU of all nodes while the work is done, in us. */
async function measured(
  [node, ...others]: readonly BenchServer[],
  work: () => Promise<void>,
): Promise<number> {
  if (node === undefined) {
    await work();
    return 0;
  }
  const { result, spent } = await node.measure(() => measured(others, work));
  return result + spent.cpuUs;
}

const clusters = [
  await cluster("embedded, 1 node", 1, {}),
  await cluster("PostgreSQL, 1 node", 1, await postgres.environment()),
  await cluster("PostgreSQL, 2 nodes", 2, await postgres.environment()),
  await cluster("PostgreSQL, 3 nodes", 3, await postgres.environment()),
];
const results = clusters.map((): Round[] => []);
for (let n = 0; n <= rounds; n++)
  for (const [index, driven] of clusters.entries()) {
    const result = await round(driven);
    if (n > 0) results[index]?.push(result); // the first is a warm-up
  }
const Account = z.object({ remainder: z.int(), received: z.int(), delivered: z.int() });
console.log(
  `nodes, ${endpoints} endpoints, 1 KB, ${connections} connections, ${rounds} rounds of ${events} events (${machine()})`,
);
for (const [index, { name, nodes }] of clusters.entries()) {
  const of = (figure: keyof Round): number => median((results[index] ?? []).map((it) => it[figure]));
  const account = Account.parse(await nodes[0]?.api("GET", "/account-for-webhooks"));
  console.log(
    `  ${name.padEnd(20)} ${of("perSecond").toFixed(0).padStart(6)} events/s until delivered; CPU us per event: nodes ${of("nodeUs").toFixed(0)}, database ${of("databaseUs").toFixed(0)}; received ${account.received}, delivered ${account.delivered}, remainder ${account.remainder}`,
  );
}
await agent.close();
await Promise.all(clusters.flatMap(({ nodes }) => nodes.map((node) => node.end())));
target.send("end");
await postgres.end();
