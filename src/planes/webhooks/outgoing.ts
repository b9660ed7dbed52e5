import type { Headers } from "../../kernel/exchange.ts";
import type { Secret } from "../../kernel/secret.ts";
import { redactedValue } from "../../registry/redaction.ts";
import { headerName } from "./header-name.ts";
import { valuesOf } from "./incoming.ts";
import { standardWebhooks } from "./scheme.ts";
import { sign } from "./verification.ts";

/** What one attempt tells its target about itself. */
export type Sending = {
  /** The event's id; the same in all attempts, so that a target can tell repeats. */
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly receivedAtMs: number;
  /** `none`: the endpoint verifies nothing. */
  readonly verified: "true" | "false" | "none";
  /** The preset it was verified as; null when there is none. */
  readonly provider: string | null;
  readonly kind: "live" | "test" | "replay";
  /** W3C trace id of the event, 32 hex characters; used when the sender gave no valid one. */
  readonly trace: string;
  /** The endpoint's own secret (`whsec_` and base64), what is signed and when; null sends no signature. */
  readonly signing: { readonly secret: Secret; readonly body: Uint8Array; readonly nowMs: number } | null;
};

const signatureScheme = standardWebhooks("sluice");

/**
 * The headers of an attempt: the received ones as they came, in order and with duplicates, without what belongs
 * to the hop that ended here, then our own under `sluice-` and `traceparent`. With a secret, `sluice-id`,
 * `sluice-timestamp` and `sluice-signature` are the three of the Standard Webhooks specification under our prefix.
 * @throws Failure invalid when the endpoint's own secret is no `whsec_` secret
 */
export function outgoingHeaders(received: Headers, sending: Sending): Headers {
  const incomingTrace = traceOf(received);
  const named = namedByConnection(received);
  const kept = received.filter(([given]) => {
    const { lower, ofHop } = headerName(given);
    // Of a trace context whose parent is not valid, W3C says to drop the state too.
    if (lower === "tracestate" && incomingTrace === undefined) return false;
    return !ofHop && !named.includes(lower);
  });
  return [...kept, ...ownHeaders(sending), ["traceparent", traceparentOf(incomingTrace, sending)]];
}

/** Names, in lowercase, that the sender's `Connection` takes for its hop. */
function namedByConnection(received: Headers): readonly string[] {
  return valuesOf(received, "connection").flatMap((value) =>
    value.split(",").map((name) => name.trim().toLowerCase()),
  );
}

function ownHeaders(sending: Sending): Headers {
  const { id, signing } = sending;
  const signature: Headers =
    signing === null
      ? [["sluice-id", id]]
      : sign(signatureScheme, signing.secret, {
          id,
          timestampMs: signing.nowMs,
          body: signing.body,
          method: "",
          url: "",
        });
  return [
    ...signature,
    ["sluice-attempt", String(sending.attempt)],
    ["sluice-received-at", new Date(sending.receivedAtMs).toISOString()],
    ["sluice-verified", sending.verified],
    ...(sending.provider === null ? [] : ([["sluice-provider", sending.provider]] as const)),
    ...(sending.kind === "live" ? [] : ([[`sluice-${sending.kind}`, "true"]] as const)),
  ];
}

/** A valid `traceparent` of a sender (W3C Trace Context), of any version. */
export type TraceContext = { readonly trace: string; readonly flags: string };

/** The trace that a request continues; undefined when it has none, an invalid one, or more than one. */
export function traceOf(received: Headers): TraceContext | undefined {
  const values = valuesOf(received, "traceparent");
  const form = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;
  const match = values.length === 1 ? form.exec(values[0]?.trim() ?? "") : null;
  if (match === null) return undefined;
  const [, version, trace = "", flags = "", more] = match;
  return version === "00" && more !== undefined ? undefined : { trace, flags };
}

/** The span's id is made of the event's random bits and the attempt: the same whenever this attempt is told of. */
function traceparentOf(incomingTrace: TraceContext | undefined, sending: Sending): string {
  const span = `${sending.id.slice(-12)}${sending.attempt.toString(16).padStart(4, "0")}`;
  const sampled = Number.parseInt(incomingTrace?.flags ?? "01", 16) & 1;
  return `00-${incomingTrace?.trace ?? sending.trace}-${span}-0${sampled}`;
}

/** Values by their index in the headers. */
export type Withheld = readonly (readonly [index: number, value: string])[];

/**
 * Splits headers into what may be shown (credentials as `[redacted]`) and the credentials themselves, which are
 * to be kept no longer than delivery needs. `alsoSecret` names more headers (lowercase), such as the one that
 * carries the secret under a `token` scheme.
 */
export function credentialHeaders(
  headers: Headers,
  alsoSecret: readonly string[] = [],
): { readonly shown: Headers; readonly withheld: Withheld } {
  const withheld: [number, string][] = [];
  const shown = headers.map((header, index) => {
    const [given, value] = header;
    const { lower, credential } = headerName(given);
    if (!credential && !alsoSecret.includes(lower)) return header;
    withheld.push([index, value]);
    return [given, redactedValue] as const;
  });
  return { shown, withheld };
}

/** Undoes `credentialHeaders`, exactly. */
export function withCredentials(shown: Headers, withheld: Withheld): Headers {
  const values = new Map(withheld);
  return shown.map(([name, value], index) => [name, values.get(index) ?? value]);
}

/** Only the headers whose values are there: what is left when the credentials are gone. */
export function withoutCredentials(shown: Headers): Headers {
  return shown.filter(([, value]) => value !== redactedValue);
}
