// What capturing costs a process, by request: CPU of its main thread and of all its threads, over the same without.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { exampleKey, exampleSettings, receiver } from "../sdk/test/receiver.ts";
import type { CaptureStats } from "../sdk/src/stats.ts";
import { machine, median } from "./bench-server.ts";

const rounds = Number(process.argv[2] ?? 10);
const requests = Number(process.argv[3] ?? 6_000);
const connections = 8;
const goalUs = 30;
const body = JSON.stringify({ items: Array.from({ length: 12 }, (_, id) => ({ id, name: "x".repeat(80) })) });

type Spent = { readonly mainUs: number; readonly wholeUs: number; readonly stats: CaptureStats | null };
type Mode = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly main: number[];
  readonly whole: number[];
};

const sink = await receiver();
sink.settings = { ...exampleSettings, flushEveryMs: 1_000 };
// What was sent is not kept: only the sender is measured.
sink.onBatch = (_, response) => {
  sink.bytes.length = 0;
  response.writeHead(202).end("{}");
};

async function begin(mode: "bare" | "captured"): Promise<Mode> {
  const env = { ...process.env, SLUICE_URL: sink.url, SLUICE_KEY: exampleKey };
  const child = fork(new URL("capture-server.ts", import.meta.url), [mode], { env });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  return { child, url: `${url}/echo`, main: [], whole: [] };
}

async function round({ child, url, main, whole }: Mode, isCounted: boolean): Promise<CaptureStats | null> {
  child.send("start");
  await once(child, "message");
  const headers = {
    "content-type": "application/json",
    authorization: "Bearer fake",
    cookie: "session=fake",
  };
  const result = await autocannon({ url, connections, amount: requests, method: "POST", body, headers });
  if (result["2xx"] !== requests) throw new Error(`${result.non2xx} refused, ${result.errors} errors`);
  child.send("stop");
  const [spent] = (await once(child, "message")) as [Spent];
  if (isCounted) {
    main.push(spent.mainUs / requests);
    whole.push(spent.wholeUs / requests);
  }
  return spent.stats;
}

const bare = await begin("bare");
const captured = await begin("captured");
let stats: CaptureStats | null = null;
for (let n = 0; n <= rounds; n++)
  for (const mode of n % 2 === 0 ? [bare, captured] : [captured, bare])
    stats = (await round(mode, n > 0)) ?? stats;
bare.child.kill();
captured.child.kill();
await sink.close();

const over = (which: "main" | "whole") => {
  const [before, after] = [bare[which], captured[which]];
  const added = after.map((us, n) => us - (before[n] ?? Number.NaN));
  return {
    medians: [median(before), median(after), median(added)] as const,
    leasts: [Math.min(...before), Math.min(...after), Math.min(...after) - Math.min(...before)] as const,
  };
};
console.log(
  `capture, Express, ${body.length} bytes in, as many out, ${rounds} rounds of ${requests} requests, us CPU a request (${machine()})`,
);
for (const which of ["main", "whole"] as const) {
  const { medians, leasts } = over(which);
  const shown = (of: readonly number[]) => of.map((us) => us.toFixed(1).padStart(7)).join(" ");
  const name = which === "main" ? "main thread" : "whole process";
  console.log(
    `  ${name.padEnd(13)} median: bare, captured, added ${shown(medians)}   least ${shown(leasts)}`,
  );
  if (which === "main")
    console.log(
      `  captured / bare of the main thread ${(medians[1] / medians[0]).toFixed(2)}, added ${medians[2].toFixed(1)} us (goal <= ${goalUs})`,
    );
}
console.log(`  sent ${stats?.sent.records} records, dropped ${JSON.stringify(stats?.dropped)}`);
