import { hash } from "node:crypto";
import type { Headers } from "../../kernel/exchange.ts";
import type { Secret } from "../../kernel/secret.ts";
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

/** RFC 9110 7.6.1 and its predecessors; `Connection` may name more. */
const hopByHop = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** What belongs to the connection to us, or tells of the way to us; Outbound makes its own host and length. */
const ours = [
  "accept-encoding",
  "cdn-loop",
  "client-ip",
  "content-length",
  "expect",
  "forwarded",
  "host",
  "traceparent",
  "true-client-ip",
  "via",
  "x-amzn-trace-id",
  "x-client-ip",
  "x-cloud-trace-context",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
  "x-original-host",
  "x-real-ip",
  "x-request-start",
];
const stripped: ReadonlySet<string> = new Set([...hopByHop, ...ours]);
const strippedPrefix = /^(?:sluice-|x-forwarded-|cf-|fly-|fastly-|x-envoy-|x-amz-cf-)/;

const signatureScheme = standardWebhooks("sluice");

/**
 * The headers of an attempt: the received ones as they came, in order and with duplicates, without what belongs
 * to the hop that ended here, then our own under `sluice-` and `traceparent`. With a secret, `sluice-id`,
 * `sluice-timestamp` and `sluice-signature` are the three of the Standard Webhooks specification under our prefix.
 * @throws Failure invalid when the endpoint's own secret is no `whsec_` secret
 */
export function outgoingHeaders(received: Headers, sending: Sending): Headers {
  const incomingTrace = traceOf(received);
  const named = new Set(
    valuesOf(received, "connection").flatMap((value) =>
      value.split(",").map((name) => name.trim().toLowerCase()),
    ),
  );
  const kept = received.filter(([given]) => {
    const name = given.toLowerCase();
    if (stripped.has(name) || named.has(name)) return false;
    // Of a trace context whose parent is not valid, W3C says to drop the state too.
    if (name === "tracestate") return incomingTrace !== undefined;
    return !strippedPrefix.test(name);
  });
  return [...kept, ...ownHeaders(sending), ["traceparent", traceparentOf(incomingTrace, sending)]];
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

/** The span's id is made of the event and the attempt: the same whenever this attempt is told of. */
function traceparentOf(incomingTrace: TraceContext | undefined, sending: Sending): string {
  const span = hash("sha256", `${sending.id}.${sending.attempt}`).slice(0, 16);
  const sampled = Number.parseInt(incomingTrace?.flags ?? "01", 16) & 1;
  return `00-${incomingTrace?.trace ?? sending.trace}-${span}-0${sampled}`;
}

const credentialNames: ReadonlySet<string> = new Set([
  "authentication",
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
  "x-authorization",
  "x-forwarded-authorization",
]);
const credentialForm = /api-?_?key|access-?_?key|secret|passw(?:or)?d|token|credential/;
const noCredentialForm = /signature|timestamp|idempotency|[-_]id$/;

/** What stands for a credential's value in whatever is stored and shown. */
export const redactedValue = "[redacted]";

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
  const shown = headers.map(([name, value], index) => {
    if (!isCredential(name.toLowerCase(), alsoSecret)) return [name, value] as const;
    withheld.push([index, value]);
    return [name, redactedValue] as const;
  });
  return { shown, withheld };
}

/** Undoes `credentialHeaders`, exactly. */
export function withCredentials(shown: Headers, withheld: Withheld): Headers {
  const values = new Map(withheld);
  return shown.map(([name, value], index) => [name, values.get(index) ?? value]);
}

function isCredential(name: string, alsoSecret: readonly string[]): boolean {
  if (credentialNames.has(name) || alsoSecret.includes(name)) return true;
  return credentialForm.test(name) && !noCredentialForm.test(name);
}
