import { hash } from "node:crypto";
import { Failure } from "../../kernel/failure.ts";
import { sameBytes } from "../../kernel/secret.ts";
import type { Headers } from "../../kernel/exchange.ts";
import type { Secret } from "../../kernel/secret.ts";
import { algorithms, bytesOf, decoded, hmacOf, keyOf } from "./algorithm.ts";
import type { Content } from "./algorithm.ts";
import { valuesOf } from "./incoming.ts";
import { signedContent } from "./signed-content.ts";
import type { Incoming } from "./incoming.ts";
import type { Place, Scheme, SignatureScheme, SymmetricScheme, TokenScheme } from "./scheme.ts";

export const secretsMax = 5;
export const signaturesMax = 20;
export const headerCharactersMax = 8192;

export type Verdict = { readonly ok: true; readonly secret: number } | Unverified;

export type Unverified = {
  readonly ok: false;
  readonly reason:
    | "no_secret"
    | "bad_secret"
    | "missing_header"
    | "malformed_header"
    | "no_match"
    | "stale"
    | "too_new";
  /** What was found, without secret or expected signature; safe to show to who may read the request. */
  readonly detail: string;
  /** What to do about it. */
  readonly hint: string;
};

type SignedRequest = Pick<Incoming, "method" | "url" | "headers" | "body">;
type Found = { readonly ok: true; readonly values: readonly [string, ...string[]] } | Unverified;

/**
 * Whether the request was signed with one of the secrets (the first 5 are tried, so that secrets can be
 * rotated), by its raw bytes. `receivedAtMs` is when it arrived: the age that counts is its age then, whenever
 * this is asked. Never throws on anything a sender can send.
 */
export function verify(
  scheme: Scheme,
  secrets: readonly Secret[],
  request: SignedRequest,
  receivedAtMs: number,
): Verdict {
  const tried = secrets.slice(0, secretsMax);
  if (tried.length === 0) {
    return unverified("no_secret", "The endpoint has no secret to verify with.", hints.noSecret);
  }
  if (scheme.algorithm === "token") return verifyToken(scheme, tried, request);
  return verifySigned(scheme, tried, request, receivedAtMs);
}

function verifyToken(scheme: TokenScheme, secrets: readonly Secret[], request: SignedRequest): Verdict {
  const found = read(scheme.token, request.headers);
  if (!found.ok) return found;
  const given = sha256(bytesOf(found.values[0]));
  const secret = secrets.findIndex((each) => sameBytes(given, sha256(Buffer.from(each.reveal(), "utf8"))));
  return secret === -1 ? noMatch(secrets.length) : { ok: true, secret };
}

function verifySigned(
  scheme: SignatureScheme,
  secrets: readonly Secret[],
  request: SignedRequest,
  receivedAtMs: number,
): Verdict {
  const given = readAll(scheme, request.headers);
  if (!given.ok) return given;
  const { signatures, id, timestamp } = given;
  const { body, method, url } = request;
  const content = signedContent(scheme, { id, timestamp, body, method, url });
  const secret = indexOfMatch(scheme, secrets, content, signatures);
  if (typeof secret !== "number") return secret;
  // Age last: of a request that is forged and old, "forged" says more.
  return tooOldOrNew(scheme, timestamp, receivedAtMs) ?? { ok: true, secret };
}

type Given = {
  readonly ok: true;
  readonly signatures: readonly Buffer[];
  readonly id: string;
  readonly timestamp: string;
};

function readAll(scheme: SignatureScheme, headers: Headers): Given | Unverified {
  const signature = read(scheme.signature, headers);
  if (!signature.ok) return signature;
  const id = readOptional(scheme.id, headers);
  if (!id.ok) return id;
  const timestamp = readOptional(scheme.timestamp, headers);
  if (!timestamp.ok) return timestamp;
  const { header, encoding } = scheme.signature;
  const signatures = signature.values
    .map((text) => decoded(text, encoding))
    .filter((each) => each !== undefined);
  if (signatures.length === 0) return malformed(`The signature in \`${header}\` is not ${encoding}.`);
  return { ok: true, signatures, id: id.values[0], timestamp: timestamp.values[0] };
}

function readOptional(place: Place | undefined, headers: Headers): Found {
  return place === undefined ? { ok: true, values: [""] } : read(place, headers);
}

function indexOfMatch(
  scheme: SignatureScheme,
  secrets: readonly Secret[],
  content: Content,
  signatures: readonly Buffer[],
): number | Unverified {
  let unusable: string | undefined;
  for (const [index, secret] of secrets.entries()) {
    const key = keyOf(scheme, secret);
    if (typeof key === "string") unusable = key;
    else if (algorithms[scheme.algorithm].matches(key, content, signatures)) return index;
  }
  return unusable === undefined
    ? noMatch(secrets.length)
    : unverified("bad_secret", unusable, hints.badSecret);
}

function tooOldOrNew(scheme: SignatureScheme, text: string, receivedAtMs: number): Unverified | undefined {
  const rule = scheme.timestamp;
  if (rule?.toleranceSeconds === undefined) return undefined;
  const sentAtMs = timestampMs(text, rule.unit);
  if (sentAtMs === undefined)
    return malformed(`The timestamp in \`${rule.header}\` is not a time in ${units[rule.unit]}.`);
  const ageSeconds = (receivedAtMs - sentAtMs) / 1000;
  const limit = `${rule.toleranceSeconds} s are allowed.`;
  if (ageSeconds > rule.toleranceSeconds) {
    return unverified(
      "stale",
      `It was signed ${Math.round(ageSeconds)} s before it arrived; ${limit}`,
      hints.stale,
    );
  }
  if (rule.future !== "any" && -ageSeconds > rule.toleranceSeconds) {
    return unverified(
      "too_new",
      `It is dated ${Math.round(-ageSeconds)} s after its arrival; ${limit}`,
      hints.tooNew,
    );
  }
  return undefined;
}

/** Why this secret cannot be one of this scheme, or undefined: to be asked before it is stored. */
export function secretProblem(scheme: Scheme, secret: Secret): string | undefined {
  const text = secret.reveal();
  if (text.trim() === "") return "The secret is empty.";
  if (text.trim() !== text) return "The secret has white space around it.";
  if (scheme.algorithm === "token") return undefined;
  const key = keyOf(scheme, secret);
  return typeof key === "string" ? key : undefined;
}

/** The header names that carry the secret itself under this scheme: to be kept out of what is shown. */
export function secretHeadersOf(scheme: Scheme): readonly string[] {
  return scheme.algorithm === "token" ? [scheme.token.header] : [];
}

export type Signable = {
  readonly id: string;
  readonly timestampMs: number;
  readonly body: Uint8Array;
  readonly method: string;
  /** The endpoint's public URL with its query; only some schemes sign it. */
  readonly url: string;
};

/**
 * The headers that make `verify` accept this message: signature, and timestamp and id where the scheme has them.
 * @throws Failure invalid when the secret has not the form that the scheme asks for
 */
export function sign(scheme: SymmetricScheme, secret: Secret, message: Signable): Headers {
  if (scheme.algorithm === "token") return placed([[scheme.token, secret.reveal()]]);
  const key = keyOf(scheme, secret);
  if (typeof key === "string") throw new Failure("invalid", key, { hint: hints.badSecret });
  const timestamp = scheme.timestamp ? written(message.timestampMs, scheme.timestamp.unit) : "";
  const mac = hmacOf(scheme.algorithm, key, signedContent(scheme, { ...message, timestamp }));
  return placed([
    ...(scheme.id ? ([[scheme.id, message.id]] as const) : []),
    ...(scheme.timestamp ? ([[scheme.timestamp, timestamp]] as const) : []),
    [scheme.signature, mac.toString(scheme.signature.encoding)],
  ]);
}

function placed(values: readonly (readonly [Place, string])[]): Headers {
  const headers = new Map<string, string>();
  for (const [place, value] of values) {
    const item = place.field === undefined ? value : `${place.field}${place.assign ?? "="}${value}`;
    const before = headers.get(place.header);
    headers.set(place.header, before === undefined ? item : `${before}${place.separator ?? ","}${item}`);
  }
  return [...headers];
}

function read(place: Place, headers: Headers): Found {
  const given = valuesOf(headers, place.header);
  const value = given[0];
  if (value === undefined || value === "") {
    return unverified("missing_header", `The header \`${place.header}\` is missing.`, hints.missing);
  }
  if (given.length > 1) return malformed(`The header \`${place.header}\` came ${given.length} times.`);
  if (value.length > headerCharactersMax) {
    return malformed(`The header \`${place.header}\` has more than ${headerCharactersMax} characters.`);
  }
  const [first, ...more] = itemsOf(place, value);
  if (first === undefined) {
    return malformed(
      `The header \`${place.header}\` has no item \`${place.field ?? ""}${place.assign ?? "="}…\`.`,
    );
  }
  if (more.length >= signaturesMax) {
    return malformed(`The header \`${place.header}\` has more than ${signaturesMax} such items.`);
  }
  return { ok: true, values: [first, ...more] };
}

function itemsOf(place: Place, value: string): readonly string[] {
  const items = place.separator === undefined ? [value] : value.split(place.separator);
  const { field, assign = "=" } = place;
  if (field === undefined) return items.map((item) => item.trim());
  const values: string[] = [];
  for (const item of items) {
    const at = item.indexOf(assign);
    if (at !== -1 && item.slice(0, at).trim() === field) values.push(item.slice(at + 1).trim());
  }
  return values;
}

const units = { s: "seconds", ms: "milliseconds", iso: "ISO 8601 (RFC 3339)" } as const;

function timestampMs(text: string, unit: keyof typeof units): number | undefined {
  if (unit === "iso") {
    const form = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;
    const time = form.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
    return Number.isNaN(time) ? undefined : time;
  }
  if (!/^\d{1,15}$/.test(text)) return undefined;
  return unit === "s" ? Number(text) * 1000 : Number(text);
}

function written(timeMs: number, unit: keyof typeof units): string {
  if (unit === "iso") return new Date(timeMs).toISOString();
  return String(unit === "s" ? Math.floor(timeMs / 1000) : timeMs);
}

function sha256(bytes: Uint8Array): Buffer {
  return hash("sha256", bytes, "buffer");
}

function noMatch(tried: number): Unverified {
  const detail =
    tried === 1
      ? "The signature does not match the endpoint's secret."
      : `The signature matches none of the endpoint's ${tried} secrets.`;
  return unverified("no_match", detail, hints.noMatch);
}

function malformed(detail: string): Unverified {
  return unverified("malformed_header", detail, hints.malformed);
}

function unverified(reason: Unverified["reason"], detail: string, hint: string): Unverified {
  return { ok: false, reason, detail, hint };
}

const hints = {
  noSecret: "Store the provider's signing secret over the CLI or REST, never in a chat.",
  badSecret:
    "Copy the secret again from the provider, whole and unchanged, and store it over the CLI or REST.",
  missing:
    "The sender may be another provider than the endpoint is set up for, may have no secret configured, or a proxy removed the header.",
  malformed: "The sender may be another provider, or another version of it, than the endpoint is set up for.",
  noMatch:
    "Compare the stored secret with the provider's: each of its endpoints and modes (test, live) has its own; and let no proxy change the body.",
  stale:
    "A captured request was sent again, something held it up on the way, or the clock of the sender or of this machine is wrong.",
  tooNew: "The clock of the sender or of this machine is wrong.",
} as const;
