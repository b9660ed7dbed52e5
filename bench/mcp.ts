// CPU of the MCP surface against a bare JSON-RPC responder and, for calls, the SDK used naively, in child processes of their
// own, in interleaved rounds. The surface checks a real API key, notes its use and counts its calls, as in the product; the
// others know no keys. Run: node bench/mcp.ts [rounds]. CPU microseconds for each request are what counts; the machine's load
// moves requests a second.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import autocannon from "autocannon";
import { median } from "./bench-server.ts";
import { toolCount } from "./mcp-adding.ts";
import { serveBare } from "./mcp-bare.ts";
import { serveNaive } from "./mcp-naive.ts";
import { serveProduct } from "./mcp-product.ts";
import { cases, requestOf, type Case } from "./mcp-request.ts";

const roundsUnlessTold = 40;
const requestsInRound = 2_000;
/** Rounds before the first that counts, in which all are compiled. */
const warmUps = 3;
const connections = 8;
/** How many times less CPU a call takes at the least than with the SDK used naively. */
const naiveRatioMin = 3;

const servers = { product: serveProduct, bare: serveBare, naive: serveNaive };
type Kind = keyof typeof servers;

type Server = { readonly child: ChildProcess; readonly url: string; readonly key: string };

async function start(kind: Kind): Promise<Server> {
  const child = fork(import.meta.filename, [kind]);
  const [served] = (await once(child, "message")) as [Pick<Server, "url" | "key">];
  return { child, ...served };
}

async function cpuOf({ child }: Server): Promise<number> {
  child.send("cpu");
  const [micros] = (await once(child, "message")) as [number];
  return micros;
}

/** CPU microseconds that the server's process took for each request. */
async function round(server: Server, it: Case): Promise<number> {
  const before = await cpuOf(server);
  const result = await autocannon({
    url: server.url,
    connections,
    amount: requestsInRound,
    // It is looked only so often, in milliseconds, whether the round is over.
    sampleInt: 20,
    ...requestOf(it, server.key),
  });
  const after = await cpuOf(server);
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx} answers were not 2xx`);
  return (after - before) / requestsInRound;
}

type Round = Readonly<Record<Kind, number>>;

/** Medians of both, and how they compare: the middle of the rounds and where half of them lie. */
function comparison(rounds: readonly Round[], base: Kind, ratio: (it: Round) => number): string {
  const ratios = rounds.map(ratio).toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (ratios[Math.floor(share * (ratios.length - 1))] ?? Number.NaN).toFixed(2);
  const micros = median(rounds.map((it) => it[base])).toFixed(0);
  return `${base} ${micros} us, ${at(0.5)}x (half of the rounds ${at(0.25)} to ${at(0.75)})`;
}

async function compare(rounds: number): Promise<void> {
  console.log(
    `${toolCount} tools, ${connections} connections, ${rounds} rounds of ${requestsInRound} (node ${process.version}, load average ${loadavg()[0]?.toFixed(1)} at the start)`,
  );
  const [product, bare, naive] = await Promise.all([start("product"), start("bare"), start("naive")]);
  for (const [name, it] of Object.entries(cases)) {
    const measured: Round[] = [];
    for (let i = 0; i < warmUps + rounds; i++) {
      const took = {
        product: await round(product, it),
        bare: await round({ ...bare, url: bare.url + (it.bare ?? "") }, it),
        naive: it.naive === true ? await round(naive, it) : Number.NaN,
      };
      if (i >= warmUps) measured.push(took);
    }
    const own = median(measured.map((took) => took.product)).toFixed(0);
    console.log(`${name}: ${own} us, ${comparison(measured, "bare", (took) => took.product / took.bare)}`);
    if (it.naive !== true) continue;
    const less = comparison(measured, "naive", (took) => took.naive / took.product);
    console.log(`${name}: the SDK used naively takes more: ${less}, goal at least ${naiveRatioMin}x`);
  }
  for (const { child } of [product, bare, naive]) child.kill();
}

function isKind(text: string): text is Kind {
  return text in servers;
}

const [what = String(roundsUnlessTold)] = process.argv.slice(2);
if (!isKind(what)) await compare(Number(what));
else {
  process.on("disconnect", () => process.exit());
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  const { url, key } = await servers[what]();
  process.send?.({ url, key });
}
