import { compose } from "../../src/compose.ts";
import { config } from "../../src/config.ts";
import type { Engines } from "../../src/registry/engines.ts";
import { greeting } from "../../src/surfaces/cli/greeting.ts";

/** Never comes back: the process is gone before the next statement. */
function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}

/** Ways for the real server to go wrong at one named point; `nth` counts how often it gets there. */
const faults: Readonly<Record<string, (engines: Engines, nth: number) => Engines>> = {
  /** The nth event is durable, and its sender is not answered yet. */
  "dies-after-commit": (engines, nth) => {
    let events = 0;
    return withCommit(engines, async (entry, commit) => {
      const verdict = await commit(entry);
      if (entry.exchanges[0]?.kind === "event" && ++events === nth) await die();
      return verdict;
    });
  },
  /** The target has answered the nth request, and what came of it is not recorded yet. */
  "dies-after-answer": (engines, nth) => {
    let answers = 0;
    const { outbound } = engines;
    const send: typeof outbound.send = async (request) => {
      const outcome = await outbound.send(request);
      if (++answers === nth) await die();
      return outcome;
    };
    return { ...engines, outbound: { ...outbound, send } };
  },
  /** Says that an event is durable and never writes it. */
  forgetful: (engines) =>
    withCommit(engines, async (entry, commit) =>
      entry.exchanges[0]?.kind === "event" ? { kind: "committed" } : commit(entry),
    ),
};

type Commit = Engines["traffic"]["journal"]["commit"];

function withCommit(
  engines: Engines,
  commit: (entry: Parameters<Commit>[0], real: Commit) => ReturnType<Commit>,
): Engines {
  const { traffic } = engines;
  const { journal } = traffic;
  const faulty = { ...journal, commit: (entry: Parameters<Commit>[0]) => commit(entry, journal.commit) };
  return { ...engines, traffic: { ...traffic, journal: faulty } };
}

// node faulty-serve.ts <fault> [nth]: the server as `main.ts serve` starts it, with that fault in it.
const [, , name = "", nth = "1"] = process.argv;
const fault = faults[name];
if (fault === undefined) throw new Error(`no fault is called ${name}`);
const sluice = await compose({
  config: config(),
  version: "0.0.0",
  log: (line) => void process.stderr.write(`${line}\n`),
  wrap: (engines) => fault(engines, Number(nth)),
});
process.once("SIGTERM", () => void sluice.close());
process.stdout.write(greeting({ ...sluice, key: null }));
