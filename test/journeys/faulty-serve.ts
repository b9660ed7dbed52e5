import { compose } from "../../src/compose.ts";
import { config } from "../../src/config.ts";
import type { Engines } from "../../src/registry/engines.ts";
import { greeting } from "../../src/surfaces/cli/greeting.ts";
import { faultOf, type Fault } from "./faults.ts";

// node faulty-serve.ts <fault>=<argument>…: the server as `main.ts serve` starts it, with those faults in it.
const faults = process.argv.slice(2).map(faultOf);
const { clock, limits } = Object.assign({}, ...faults) as Fault;
const sluice = await compose({
  config: config(),
  version: "0.0.0",
  log: (line) => void process.stderr.write(`${line}\n`),
  wrap: (engines: Engines) => faults.reduce((wrapped, { wrap }) => wrap?.(wrapped) ?? wrapped, engines),
  ...(clock && { clock }),
  ...(limits && { limits }),
});
process.once("SIGTERM", () => void sluice.close());
process.stdout.write(greeting({ ...sluice, key: null, signInLink: sluice.signInLink?.reveal() ?? null }));
