import type { Redactor } from "../../../capture/redactor.ts";
import { mapYielding } from "../../kernel/map-yielding.ts";
import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Arriving, Taken } from "./arriving.ts";
import { BodyReader } from "./body-reader.ts";
import { decided } from "./decided.ts";
import { droppedFacts } from "./dropped.ts";
import { livePlaces, type LivePlaces, type Place } from "./live-places.ts";
import { liveRules, type LiveRules } from "./live-rules.ts";
import type { Ready } from "./rules-in-force.ts";
import { receiptOf } from "./receipt.ts";
import { exchangeOf, newOf } from "./stored-record.ts";
import { summariesOf, summaryOf } from "./summary.ts";
import { tokenKeys } from "./token-keys.ts";

const refusalsTold = 100;
/** How long a batch that is sent again is known. */
const batchKnownMs = 24 * 3_600_000;

/** The one way in of captured traffic, however it came. */
export type Capture = {
  readonly authenticate: Authenticate;
  readonly places: LivePlaces;
  readonly rules: LiveRules;
  /** Redacts, then stores; resolves once it is durable. @throws Failure unavailable */
  take(place: Place, arriving: Arriving): Promise<Taken>;
};

export async function capture(engines: Engines, authenticate: Authenticate): Promise<Capture> {
  const places = await livePlaces(engines);
  const rules = await liveRules(engines, tokenKeys(engines));
  return {
    authenticate,
    places,
    rules,
    take: async (place, arriving) =>
      takeCaptured(place, arriving, await rules.ready(place.workspace, place.environment), engines),
  };
}

/** Redacts, then stores; resolves once it is durable. @throws Failure unavailable */
export async function takeCaptured(
  place: Place,
  arriving: Arriving,
  rules: Ready,
  { traffic, ledger }: Pick<Engines, "traffic" | "ledger">,
): Promise<Taken> {
  const { id, receivedAt, counted } = arriving;
  const { redactor } = rules;
  const { records, recorded, counts, refused } = decided(arriving, rules);
  const source = sourceOf(arriving, redactor);
  const origin = {
    place,
    redactor,
    receivedAt,
    ruleset: rules.revision,
    facts: { source: source.name, ...(source.service !== "" && { service: source.service }) },
  };
  // A batch may hold a thousand bodies, and webhooks are accepted meanwhile.
  const reader = new BodyReader();
  const exchanges = await mapYielding(recorded, async (it) => exchangeOf(await reader.record(it), origin));
  const leftOut = records.length - recorded.length;
  const drops = droppedFacts(arriving, (reason) => redactor.text(reason));
  const tally = { accepted: exchanges.length, leftOut, refused: refused.length };
  const uncounted = counted ? [] : await newOf(records, place, ledger);
  const verdict = await traffic.journal.commit({
    exchanges: [receiptOf(place, arriving, { ...source, ...tally, ...drops }), ...exchanges],
    jobs: [],
    summaries: [...counts.map((it) => summaryOf(it, place)), ...summariesOf(uncounted, place, redactor)],
    unless: { key: `capture/${place.workspace}/${place.id}/${id}`, expiresAt: receivedAt + batchKnownMs },
  });
  return {
    accepted: exchanges.length,
    duplicate: verdict.kind === "duplicate",
    leftOut,
    refused: refused.slice(0, refusalsTold),
    refusedInAll: refused.length,
    settings: rules.revision,
  };
}

/** Who sends it. A sender's own words may hold anything. */
function sourceOf({ source }: Arriving, redactor: Redactor): Arriving["source"] {
  const { name, version, service, instance } = source;
  return {
    name: redactor.text(name),
    version: redactor.text(version),
    service: redactor.text(service),
    instance: redactor.text(instance),
  };
}
