import { Agent } from "./agent.ts";
import { Blocking } from "./blocking.ts";
import { current } from "./current.ts";
import { gauges } from "./gauges.ts";
import type { Capture } from "./handle.ts";
import { tapInbound } from "./inbound.ts";
import { running } from "./marks.ts";
import { resolved, type CaptureOptions } from "./options.ts";
import { tapOutboundFetch } from "./outbound-fetch.ts";
import { tapOutboundHttp } from "./outbound-http.ts";
import { statsOf } from "./stats.ts";

export type { CaptureOptions, CaptureSettings } from "./options.ts";
export type { Capture } from "./handle.ts";
export type { CaptureStats } from "./stats.ts";

const flushMsMax = 5_000;
/** A process that is done is not kept from ending for longer. */
const exitFlushMsMax = 2_000;

/**
 * Records the requests that servers of this process receive, and the calls made while they are handled, and sends them to
 * Sluice. Called again it answers what runs already. Never throws: without an address or a key nothing is recorded,
 * `stats().trouble` says so, and a warning is emitted.
 */
export function capture(options: CaptureOptions = {}): Capture {
  const already = process[running];
  if (already !== undefined) return already;
  const made = begun(options, () => (process[running] = undefined));
  // One that could not begin is in nobody's way.
  if (made.stats().isRunning) process[running] = made;
  return made;
}

function begun(options: CaptureOptions, forget: () => void): Capture {
  try {
    const settings = resolved(options);
    if ("reason" in settings) return idle(settings.reason);
    const figures = gauges();
    const blocking = new Blocking();
    const agent = new Agent(settings, figures, blocking);
    const taps = {
      allowance: agent.allowance,
      storage: current,
      recipient: agent,
      blocking,
    };
    const untap = [tapInbound(taps), tapOutboundHttp(taps), tapOutboundFetch(taps)];
    return handleOf(agent, figures, () => {
      for (const end of untap) end();
      forget();
    });
  } catch (error) {
    return idle(error instanceof Error ? error.message : "unknown");
  }
}

function handleOf(agent: Agent, figures: ReturnType<typeof gauges>, untap: () => void): Capture {
  let isRunning = true;
  let observedAtExit = 0;
  // Nothing else is left to do by then: what was seen since the last time is sent, once.
  const beforeExit = () => {
    const observed = figures.get("observed");
    if (observed === observedAtExit) return;
    observedAtExit = observed;
    void agent.flush(exitFlushMsMax);
  };
  process.on("beforeExit", beforeExit);
  return {
    flush: () => agent.flush(flushMsMax),
    async stop() {
      if (!isRunning) return;
      isRunning = false;
      process.off("beforeExit", beforeExit);
      untap();
      await agent.flush(exitFlushMsMax);
      await agent.stop();
    },
    stats() {
      const { revision: settings, trouble, heldBytes: mainBytes } = agent;
      return statsOf(figures, { isRunning, settings, trouble, mainBytes });
    },
  };
}

function idle(reason: string): Capture {
  process.emitWarning(`Sluice captures nothing: ${reason}.`, { code: "SLUICE_CAPTURE" });
  const stats = statsOf(gauges(), { isRunning: false, settings: null, trouble: reason, mainBytes: 0 });
  return { flush: async () => true, stop: async () => {}, stats: () => stats };
}
