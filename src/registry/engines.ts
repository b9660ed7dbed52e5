import type { Counters } from "../engines/counters/counters.ts";
import type { Federation } from "../engines/federation/federation.ts";
import type { Identity } from "../engines/identity/identity.ts";
import type { Ledger } from "../engines/ledger/ledger.ts";
import type { Outbound } from "../engines/outbound/outbound.ts";
import type { Store } from "../engines/store/store.ts";
import type { Traffic } from "../engines/traffic/traffic.ts";
import type { Vault } from "../engines/vault/vault.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Catalogue } from "./catalogue.ts";

/** The mechanisms everything above the engines is built on, as plain values handed down from `main.ts`. */
export type Engines = {
  readonly clock: Clock;
  readonly store: Store;
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly counters: Counters;
  readonly outbound: Outbound;
  readonly vault: Vault;
  /** What clients do for people: OAuth. */
  readonly identity: Identity;
  /** Who else vouches for people; null = nobody. */
  readonly federation: Federation | null;
  /** One line of operational log; never given captured text or secrets. */
  readonly log: (line: string) => void;
  readonly settings: Settings;
  readonly catalogue: Catalogue;
};

/** What planes need to know of the configuration. */
export type Settings = {
  /** The address people and providers reach this server at, without a trailing slash. */
  readonly publicUrl: string;
  /** The built-in target that answers 200 to everything, for first deliveries. */
  readonly echoUrl: string;
  /** Requests a second one endpoint accepts; 0 = unlimited. */
  readonly ingestRate: number;
  /** Origins of test servers that captured requests may be sent to again. */
  readonly replayTargets: readonly string[];
};
