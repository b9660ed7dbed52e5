import type { Client } from "../../engines/outbound/client.ts";
import { listenGateway, type Gateway } from "../../engines/inbound/gateway.ts";
import { upstream } from "../../engines/outbound/upstream.ts";
import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import { cross } from "./crossing.ts";
import { Delivery } from "./delivery.ts";
import { Losses } from "../../../capture/losses.ts";
import { pass, type Means } from "./passing.ts";
import { Recorder } from "./recorder.ts";
import { SummaryTable } from "../../../capture/summary-table.ts";

const host = "127.0.0.1";
const usualPort = 9080;
const graceMs = 5_000;
/** Of what was counted and not sent yet. */
const summaryBytesMax = 8 * 1024 * 1024;
const farewellMs = 5_000;

export type ProxySurroundings = {
  /** Of the server of Sluice. */
  readonly url: string;
  readonly call: Client["call"];
  readonly version: string;
  readonly clock: Clock;
  /** Writes a line to standard output, and to standard error. */
  readonly print: (line: string) => void;
  readonly say: (line: string) => void;
  /** Resolves when it is to end. */
  readonly ended: Promise<unknown>;
};

const flags = [
  { name: "to", does: "The application, such as http://localhost:3000.", bare: false },
  {
    name: "port",
    does: `Where it listens on ${host}; ${usualPort} unless given, 0 = any that is free.`,
    bare: false,
  },
  { name: "environment", does: "Where the records belong; production unless given.", bare: false },
  { name: "bucket", does: "Where the records belong; default unless given.", bare: false },
  { name: "workspace", does: "Which, for a login that has several.", bare: false },
] as const;

const usage = "sluice proxy --to http://localhost:3000 [--port 9080]";

/** Stands before an application, records what passes to a server of Sluice, and answers what its rules block. */
export const proxyCommand = {
  name: "proxy",
  does: "Passes requests on to an application, records them, and answers what blocking rules match: proxy --to http://localhost:3000.",
  flags,
  async run(args: readonly string[], surroundings: ProxySurroundings): Promise<number> {
    const { to, port, place } = argumentsIn(args);
    const target = upstream(to);
    const { clock, print, say, url, ended } = surroundings;
    const summaries = new SummaryTable(summaryBytesMax);
    const losses = new Losses();
    const recorder = new Recorder(summaries, losses);
    const delivery = new Delivery({ ...surroundings, place, recorder, summaries, losses });
    let gateway: Gateway | undefined;
    try {
      await delivery.refresh();
      if (!delivery.rules.isKnown)
        say("Until the server answers, nothing is blocked and only the form of what passes is recorded.");
      const means: Means = {
        upstream: target,
        rules: () => delivery.rules,
        observe: (observed) => recorder.observe(observed, delivery.rules),
      };
      gateway = await listenGateway({
        host,
        port,
        clock,
        pass: (passage) => pass(passage, means),
        cross: (crossing) => cross(crossing, means),
      });
      print(`Passing on ${gateway.url} to ${target.origin}, recorded by ${url}. Ctrl-C ends it.`);
      const running = delivery.run();
      await ended;
      await gateway.close(graceMs);
      delivery.stop();
      await running;
      await farewell(delivery, recorder);
      print(report(recorder, delivery, losses));
      return 0;
    } finally {
      delivery.stop();
      await gateway?.close(0);
      await target.close();
    }
  },
};

/** What waits is sent once more, for as long as that may take at the end. */
async function farewell(delivery: Delivery, recorder: Recorder): Promise<void> {
  await recorder.settled;
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, farewellMs, false);
  await Promise.race([delivery.flush(), late]);
  clearTimeout(timer);
}

function report({ passed }: Recorder, { sent }: Delivery, { all }: Losses): string {
  const drops = [...all].map(([reason, count]) => `${count} ${reason}`);
  return `Passed ${passed}, recorded ${sent}${drops.length === 0 ? "" : `, dropped: ${drops.join(", ")}`}.`;
}

function argumentsIn(args: readonly string[]) {
  const given = flagsIn(args);
  const to = given.get("to");
  if (to === undefined)
    throw new Failure("invalid", "--to is missing: the application to pass requests on to.", {
      hint: `Usage: ${usage}`,
    });
  const port = given.get("port") ?? String(usualPort);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Failure("invalid", `"${port.slice(0, 20)}" is no port.`, { hint: "Give one from 0 to 65535." });
  const named = ["environment", "bucket", "workspace"].flatMap((name) => {
    const value = given.get(name);
    return value === undefined ? [] : [[`x-sluice-${name}`, value] as const];
  });
  return { to, port: Number(port), place: Object.fromEntries(named) };
}

function flagsIn(args: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    const [, name = "", inline] = /^--([a-z]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (!flags.some((flag) => flag.name === name))
      throw new Failure("invalid", `${arg.slice(0, 100)} is not known here.`, {
        allowed: flags.map((flag) => `--${flag.name}`),
        hint: `Usage: ${usage}`,
      });
    const value = inline ?? args[++i] ?? "";
    if (value === "") throw new Failure("invalid", `--${name} needs a value.`, { hint: `Usage: ${usage}` });
    given.set(name, value);
  }
  return given;
}
