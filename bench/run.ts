// Runs every benchmark in turn, or those that are named, and prints their figures; `--write` also puts them into RESULTS.md, where
// what was not run keeps what it had: soaks take half an hour and are written down by hand.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { text } from "node:stream/consumers";

/** In the order of a webhook's way. A new benchmark is one file and one line here. */
const benchmarks: readonly {
  readonly file: string;
  readonly args: readonly string[];
  readonly measures: string;
}[] = [
  {
    file: "accept.ts",
    args: [],
    measures:
      "Durable accept, on files and on PostgreSQL, against the same listener whose journal.commit resolves at once.",
  },
  {
    file: "pipeline.ts",
    args: [],
    measures: "A signed, deduplicated event from acceptance to its recorded delivery, on both databases.",
  },
  {
    file: "nodes.ts",
    args: [],
    measures: "The same on one, two and three nodes of one PostgreSQL, all on this machine.",
  },
  {
    file: "dead-endpoint.ts",
    args: [],
    measures: "A healthy endpoint's deliveries beside a dead one with a backlog, against none.",
  },
  { file: "journal.ts", args: [], measures: "What a commit costs without HTTP." },
  {
    file: "journal.ts",
    args: ["5", "20000", "postgres"],
    measures: "What a commit costs without HTTP, on PostgreSQL.",
  },
  {
    file: "claims.ts",
    args: [],
    measures: "What handing out jobs and ending them costs, on both databases.",
  },
  {
    file: "redaction.ts",
    args: [],
    measures: "Redacting a body, from bytes to bytes, against parsing it and writing it again.",
  },
  {
    file: "mcp.ts",
    args: [],
    measures: "MCP calls and lists with a real key against a bare JSON-RPC responder that knows none.",
  },
  {
    file: "mcp-sessions.ts",
    args: [],
    measures: "What idle MCP sessions and open event streams cost in memory.",
  },
  {
    file: "capture-away.ts",
    args: [],
    measures: "A process under capture while the server of its records is away, slow or full.",
  },
  {
    file: "capture-store.ts",
    args: [],
    measures: "Captured records committed in batches of 100, without HTTP and redaction, on both databases.",
  },
  {
    file: "capture-ingest.ts",
    args: [],
    measures:
      "Captured records taken in by batches of 100, and questions about a million of them while more come in.",
  },
  {
    file: "capture-beside.ts",
    args: [],
    measures: "How long webhooks wait beside batches of captured records, up to the largest.",
  },
  { file: "summaries.ts", args: [], measures: "Summaries of calls, and sums of a day." },
  {
    file: "summaries.ts",
    args: ["postgres"],
    measures: "Summaries of calls, and sums of a day, on PostgreSQL.",
  },
  {
    file: "growth.ts",
    args: [],
    measures: "What one more event costs while ten times as much is stored, on both databases.",
  },
  { file: "stored-bytes.ts", args: [], measures: "Bytes per stored exchange after sealing." },
  { file: "ledger-queries.ts", args: [], measures: "Questions to the ledger." },
  {
    file: "ledger-queries.ts",
    args: ["--exchanges", "1000000", "--days", "1"],
    measures: "Questions to the ledger, a million exchanges of one day.",
  },
  {
    file: "ledger-queries.ts",
    args: ["--exchanges", "1000000", "--days", "1", "--ingest", "2000"],
    measures: "Questions to the ledger, the same while 2,000 exchanges a second are committed.",
  },
  {
    file: "ledger-queries.ts",
    args: ["--database", "postgres", "--exchanges", "1000000", "--days", "1", "--ingest", "2000"],
    measures: "Questions to the ledger, the same on PostgreSQL.",
  },
  {
    file: "ledger-queries.ts",
    args: ["--exchanges", "1000000", "--days", "30"],
    measures: "Questions to the ledger, a million exchanges of a month.",
  },
];

const write = process.argv.includes("--write");
const only = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const made = new Map<string, string>();
for (const { file, args, measures } of benchmarks) {
  if (only.length > 0 && !only.includes(file.replace(".ts", ""))) continue;
  const command = ["node", `bench/${file}`, ...args].join(" ");
  const load = loadavg()[0]?.toFixed(1);
  console.log(`\n$ ${command}   (load average ${load})`);
  const child = spawn(process.execPath, [new URL(file, import.meta.url).pathname, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve) => child.once("exit", resolve)),
  ]);
  console.log(output.trimEnd());
  if (code !== 0) process.exitCode = 1;
  made.set(measures, `## ${measures}\n\n\`\`\`\n$ ${command}\n${output.trimEnd()}\n\`\`\`\n`);
}

if (write) {
  const [cpu] = cpus();
  const machine = `${availableParallelism()} cores of ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const head = `# Results\n\nMade by \`npm run bench -- --write\`, last on ${new Date().toISOString().slice(0, 10)}: ${machine}. The machine was shared: read ratios and medians, not single figures. Each block says the load average it was measured at.\n`;
  const results = new URL("RESULTS.md", import.meta.url);
  const [, ...before] = readFileSync(results, "utf8").split(/^(?=## )/m);
  const known = before.map(headingOf);
  const sections = [
    ...before.map((section) => made.get(headingOf(section)) ?? section),
    ...[...made].filter(([heading]) => !known.includes(heading)).map(([, section]) => section),
  ];
  writeFileSync(results, `${head}\n${sections.map((it) => it.trimEnd()).join("\n\n")}\n`);
}

function headingOf(section: string): string {
  return /^## (.*)/.exec(section)?.[1] ?? "";
}
