import type { Redactor } from "../../../capture/redactor.ts";
import type { Redacted } from "../../engines/ledger/ledger.ts";
import type { Exchange, Facts, Message } from "../../kernel/exchange.ts";
import { redactedMessage } from "./redacted-message.ts";
import { userAgentOf } from "./stored-record.ts";

/** Facts that nobody sent. */
const ours: ReadonlySet<string> = new Set(["ruleset"]);

/**
 * What rules make of an exchange that is stored, wherever they may find something: in its address, error and facts, its
 * headers and bodies. Undefined when they change nothing.
 */
export function redactedAgain(exchange: Exchange, redactor: Redactor): Redacted | undefined {
  // What was hit before belongs to something else.
  redactor.hits();
  const request = redactedMessage(redactor, "request", exchange.request);
  const response = exchange.response && redactedMessage(redactor, "response", exchange.response);
  const { host, path, error, facts } = exchange;
  const said = {
    host: redactor.text(host),
    path: redactor.target(path),
    error: error && redactor.text(error),
    facts: factsAgain(facts, request, redactor),
  };
  const hits = redactor.hits().reduce((sum, { count }) => sum + count, 0);
  if (hits === 0) return undefined;
  const redacted = Number(facts["redacted"] ?? 0) + hits;
  return { ...said, facts: { ...said.facts, redacted }, request, response };
}

/** The user agent is what its header is by now: rules may be about that header by its name. */
function factsAgain(facts: Facts, request: Message, redactor: Redactor): Facts {
  const userAgent = userAgentOf(request);
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => {
      if (name === "userAgent" && userAgent !== undefined) return [name, userAgent];
      return [name, typeof value === "string" && !ours.has(name) ? redactor.text(value) : value];
    }),
  );
}
