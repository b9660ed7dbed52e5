/** What the name of a header tells of it. */
export type HeaderName = {
  readonly lower: string;
  /** It belongs to the hop that ends here, or tells of the way to us: it is not sent on. */
  readonly ofHop: boolean;
  /** Its value is a credential. */
  readonly credential: boolean;
};

/** The same names come with every request: each is looked at once. */
const kept = new Map<string, HeaderName>();
const keptMax = 2_000;
const keptCharactersMax = 100;

/** In whatever case the name was given. */
export function headerName(given: string): HeaderName {
  const known = kept.get(given);
  if (known !== undefined) return known;
  const lower = given.toLowerCase();
  const name = { lower, ofHop: isOfHop(lower), credential: isCredential(lower) };
  if (given.length > keptCharactersMax) return name;
  if (kept.size >= keptMax) kept.clear();
  kept.set(given, name);
  return name;
}

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

function isOfHop(lower: string): boolean {
  return stripped.has(lower) || strippedPrefix.test(lower);
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

function isCredential(lower: string): boolean {
  return credentialNames.has(lower) || (credentialForm.test(lower) && !noCredentialForm.test(lower));
}
