import { hash } from "node:crypto";
import type { Facts, Message, NewExchange } from "../../kernel/exchange.ts";
import type { Ledger } from "../../engines/ledger/ledger.ts";
import type { CapturedRecord } from "./captured.ts";
import type { Redactor } from "../../../capture/redactor.ts";
import type { ReadableRecord } from "./body-reader.ts";
import type { Place } from "./live-places.ts";
import { redactedMessage } from "./redacted-message.ts";

const userAgentCharactersMax = 300;
const knownAtOnce = 1_000;

/** Where a record is from and how it came. */
export type Origin = {
  readonly place: Place;
  readonly redactor: Redactor;
  readonly receivedAt: number;
  /** Names the rules that were in force. */
  readonly ruleset: string;
  /** What else is known of all records of a batch, such as `service`. */
  readonly facts: Facts;
};

/** The exchange that a record is stored as: redacted, whoever sent it and whatever was redacted before. */
export function exchangeOf(record: ReadableRecord, origin: Origin): NewExchange {
  const { place, redactor, receivedAt } = origin;
  // What was hit before belongs to something else.
  redactor.hits();
  const request = messageOf("request", record.request, redactor);
  const response = record.response && messageOf("response", record.response, redactor);
  const { id, parent, error } = record;
  const path = redactor.target(record.target);
  return {
    id: exchangeIdOf(place, id),
    workspace: place.workspace,
    environment: place.environment,
    bucket: place.bucket,
    plane: "traffic",
    kind: record.kind,
    subject: place.id,
    parent: parent === null ? null : exchangeIdOf(place, parent),
    trace: record.trace,
    startedAt: Math.round(record.startedAt),
    durationMs: record.durationMs,
    method: record.method,
    host: redactor.text(record.host.toLowerCase()),
    path,
    route: record.route ?? "",
    status: record.status,
    outcome: record.outcome,
    attempt: null,
    // Some put there what went wrong in words.
    error: error && redactor.text(error.type),
    ending: null,
    receivedAt,
    facts: factsOf(record, origin, request),
    request,
    response,
  };
}

/** What is told of it besides its columns; what was redacted until then is counted here. */
function factsOf(record: ReadableRecord, { redactor, ...origin }: Origin, request: Message): Facts {
  const userAgent = userAgentOf(request);
  const said = record.error?.message ?? "";
  const message = said === "" ? "" : redactor.text(said);
  const ip = record.ip && redactor.text(record.ip);
  const redacted = redactor.hits().reduce((sum, { count }) => sum + count, 0);
  return {
    ...origin.facts,
    requestBytes: record.request.size,
    responseBytes: record.response?.size ?? 0,
    ruleset: origin.ruleset,
    ...(record.weight !== 1 && { weight: record.weight }),
    ...(redacted > 0 && { redacted }),
    ...(userAgent !== undefined && { userAgent }),
    ...(ip !== null && { ip }),
    ...(message !== "" && { message }),
  };
}

/**
 * The id of the exchange that a record of this place becomes: the record's moment, and a digest in which the place has its
 * part, so that nobody's record can meet that of another place.
 */
export function exchangeIdOf({ workspace, id }: Pick<Place, "workspace" | "id">, record: string): string {
  const digest = hash("sha256", `${workspace}/${id}/${record}`);
  return `ex_${record.slice(0, 12)}7${digest.slice(0, 19)}`;
}

/** Those that no batch before has brought, the first of each id: some senders put what they send again into other batches. */
export async function newOf(
  records: readonly CapturedRecord[],
  place: Place,
  ledger: Pick<Ledger, "known">,
): Promise<readonly CapturedRecord[]> {
  const byId = new Map(records.toReversed().map((it) => [exchangeIdOf(place, it.id), it]));
  for (const id of await knownAmong([...byId.keys()], place.workspace, ledger)) byId.delete(id);
  return [...byId.values()];
}

/** Which of the exchanges, however many, there are. */
export async function knownAmong(
  ids: readonly string[],
  workspace: string,
  ledger: Pick<Ledger, "known">,
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  for (let at = 0; at < ids.length; at += knownAtOnce)
    for (const id of await ledger.known(workspace, ids.slice(at, at + knownAtOnce))) there.add(id);
  return there;
}

/** The id of a record that came without one: the same for the same record. */
export function recordIdOf(startedAt: number, record: string): string {
  const digest = hash("sha256", record);
  return `${Math.floor(startedAt).toString(16).padStart(12, "0")}7${digest.slice(0, 3)}8${digest.slice(3, 18)}`;
}

/** The moment that a record's id was made at, ms. */
export function madeAt(record: string): number {
  return Number.parseInt(record.slice(0, 12), 16);
}

function messageOf(side: "request" | "response", message: Message, redactor: Redactor): Message {
  const redacted = redactedMessage(redactor, side, message);
  // The hash is that of the bytes that are kept, whatever the sender says of them.
  return {
    ...redacted,
    body: redacted.body && { ...redacted.body, sha256: hash("sha256", redacted.body.bytes) },
  };
}

/** Its first 300 characters. */
export function userAgentOf({ headers }: Message): string | undefined {
  const [, value] = headers.find(([name]) => name.toLowerCase() === "user-agent") ?? [];
  return value?.slice(0, userAgentCharactersMax);
}
