import fc from "fast-check";

/** No secrets of anyone: what is searched for in everything that is stored. Half of one is as bad as the whole. */
const canary = "CANARY7fb2c1d9";
const card = "4111111111111111";
const voucher = "FUZZVOUCHER-73519";
export const searchedFor: readonly string[] = [canary.slice(0, 10), card.slice(0, 12), voucher];

/** Rules of the workspace besides those that always hold, as `create_redaction` takes them. */
export const ownRedactions = [
  { name: "header", category: "shop", match: { header: "X-Shop-Handle" } },
  { name: "field", category: "shop", match: { field: "shopHandle" } },
  { name: "path", category: "shop", match: { field: "$.order.buyers[*].alias" } },
  { name: "pattern", category: "voucher", match: { pattern: "FUZZVOUCHER-[0-9]+" } },
] as const;

type Pair = readonly [name: string, value: string];

/** A secret in a place that a rule covers: what a request has more of because of it. */
export type Plant = {
  readonly side: "request" | "response";
  readonly headers: readonly Pair[];
  /** With `?` in it, where the query has a part in it. */
  readonly target?: string;
  readonly text?: string;
  readonly truncated?: boolean;
  /** Of an error. */
  readonly message?: string;
};

const word = fc.stringMatching(/^[a-z]{1,8}$/);
/** Names of default rules, in the spellings that are seen. */
const names = fc
  .constantFrom(
    "password",
    "access_token",
    "accessToken",
    "API-Key",
    "client_secret",
    "sessionId",
    "cvv",
    "iban",
    "shopHandle",
    "shop_handle",
  )
  .chain((name) => fc.constantFrom(name, name.toUpperCase(), name.toLowerCase()));

const side = fc.constantFrom<Plant["side"]>("request", "response");
const json: Pair = ["Content-Type", "application/json"];

const inHeaders = fc
  .tuple(
    side,
    fc.constantFrom<Pair>(
      ["Authorization", `Bearer ${canary}`],
      ["authorization", `Basic ${Buffer.from(`ada:${canary}`).toString("base64")} ${canary}`],
      ["COOKIE", `theme=dark; session=${canary}`],
      ["Set-Cookie", `session=${canary}; Path=/; HttpOnly`],
      ["X-Api-Key", canary],
      ["x-shop-handle", canary],
      ["Location", `https://app.example/cb?state=1&access_token=${canary}`],
      ["Referer", `/reset/token/${canary}`],
      ["X-Note", `paid with ${card} and ${voucher}`],
      ["User-Agent", `app/1 (token=${canary})`],
    ),
  )
  .map(([at, header]): Plant => ({ side: at, headers: [header] }));

const inTarget = fc.oneof(
  fc
    .tuple(word, names, word, fc.boolean())
    .map(
      ([before, name, after, encoded]) =>
        `/orders?${before}=1&${encoded ? percented(name) : name}=${canary}&${after}=2`,
    ),
  fc.constantFrom(
    `/reset/token/${canary}`,
    `/pay/${card}/now`,
    `/a?note=${voucher}`,
    `/verify/${canary}?page=2`,
  ),
);

const inText = fc.oneof(
  documents().map((text): Pair & { 2?: never } => [json[1], text]),
  fc
    .tuple(names, word)
    .map(([name, before]): Pair => [
      "application/x-www-form-urlencoded",
      `${before}=1&${percented(name)}=${canary}&card=${card}`,
    ]),
  names.map((name): Pair => ["text/plain", `${name}: ${canary}\n${voucher}`]),
  names
    .filter((name) => !name.includes("-"))
    .map((name): Pair => ["application/xml", `<a><${name}>${canary}</${name}><b c="${card}"/></a>`]),
  names.map((name): Pair => [
    "multipart/form-data; boundary=cut",
    `--cut\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${canary}\r\n--cut--\r\n`,
  ]),
  names.map((name): Pair => ["text/event-stream", `event: a\ndata: {"${name}":"${canary}"}\n\n`]),
);

/** Anywhere that a rule covers, and cut off anywhere. */
export const plants: fc.Arbitrary<Plant> = fc.oneof(
  inHeaders,
  inTarget.map((target): Plant => ({ side: "request", headers: [], target })),
  fc.tuple(side, inText, fc.option(fc.nat(), { freq: 3 })).map(([at, [type, text], cut]): Plant => ({
    side: at,
    headers: [["content-type", type]],
    text: cut === null ? text : text.slice(0, 1 + (cut % text.length)),
    truncated: cut !== null,
  })),
  names.map((name): Plant => ({
    side: "response",
    headers: [],
    message: `${name}=${canary} and ${card} failed`,
  })),
);

/** JSON of any content with a secret at any depth of it. */
function documents(): fc.Arbitrary<string> {
  const secrets = fc.constantFrom<unknown>(canary, [canary, canary], { value: canary, more: [canary] });
  const planted = fc
    .tuple(names, secrets, fc.array(fc.oneof(word, fc.constant(null)), { maxLength: 6 }))
    .map(([name, secret, path]) =>
      path.reduce<unknown>((inner, step) => (step === null ? [1, inner] : { before: 1, [step]: inner }), {
        [name]: secret,
      }),
    );
  const rooted = fc.constant({ order: { id: 7, buyers: [{ alias: canary }, { alias: canary }] } });
  const formed = fc.constantFrom<unknown>({ note: `card ${card}` }, [`key sk_live_${canary}ABCDEFGH0123`], {
    [`a"b`]: voucher,
  });
  return fc
    .tuple(fc.oneof(planted, rooted, formed), fc.constantFrom(0, 2), fc.boolean())
    .map(([value, indent, escaped]) => {
      const text = JSON.stringify(value, null, indent);
      return escaped ? text.replaceAll(/(?<=")[a-z](?=[A-Za-z_-]+"\s*:)/gi, unicodeEscape) : text;
    });
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The first character percent-encoded. */
function percented(name: string): string {
  return `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
}
