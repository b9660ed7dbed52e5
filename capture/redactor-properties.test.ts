import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { defaultRules } from "./default-rules.ts";
import { redactor } from "./redactor.ts";
import type { RedactionRule } from "./wire.ts";

const key = Buffer.alloc(32, 9);
const own: readonly RedactionRule[] = [
  { id: "own-path", category: "own", places: [], match: { field: "$.user.é-Name" } },
  { id: "own-list", category: "own", places: [], match: { field: "$.list[*].inner" } },
  { id: "own-pattern", category: "own", places: [], match: { pattern: "zz+\\d?|ß" } },
];
const rules = redactor([...defaultRules, ...own], key);

function redacted(text: string, type: string, truncated = false): string {
  return Buffer.from(rules.body("request", Buffer.from(text), type, truncated)).toString();
}

function token(category: string, value: string): string {
  return `REDACTED-${category}-${createHmac("sha256", key).update(value).digest("hex").slice(0, 12)}`;
}

// An oracle that parses. Names and forms are told from a few that the documents are made of.

const categories: ReadonlyMap<string, string> = new Map([
  ["password", "password"],
  ["newpassword", "password"],
  ["accesstoken", "token"],
  ["cvv", "card"],
  ["apikey", "key"],
]);
const keys = fc.constantFrom(
  "a",
  "user",
  "list",
  "inner",
  "é-Name",
  "É_name",
  "日本",
  "password",
  "New_Password",
  "ACCESS-TOKEN",
  "cvv",
  "api key",
  "passwort",
  "token_type",
  "",
);
const words = fc.constantFrom(
  "x",
  "hunter2",
  "zz7",
  "zz",
  "ß",
  "Ü",
  '"',
  "\\",
  "/",
  "\n",
  " ",
  "\u0001",
  "😀",
  "4111111111111111",
  "4111111111111112",
  "{",
  "[1]",
  ",",
  "}",
);
const strings = fc.array(words, { maxLength: 4 }).map((parts) => parts.join(""));
const scalars = fc.oneof(
  strings,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    { weight: 3, arbitrary: scalars },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.tuple(keys, tie("value")), { maxLength: 4 })
        .map((pairs) => Object.fromEntries(pairs)),
    },
  ),
}));

/** What stands for an object or a list that was replaced depends on how it was written. */
const whole = (category: string): RegExp => new RegExp(`^REDACTED-${category}-[0-9a-f]{12}$`);

function assertRedacted(before: unknown, after: unknown, path: readonly string[]): void {
  const category = categoryOf(path);
  if (category !== undefined && before !== null && before !== "") {
    if (typeof before === "string") assert.equal(after, token(category, before));
    else assert.match(String(after), whole(category));
  } else if (typeof before === "string") assert.equal(after, inString(before));
  else if (typeof before === "object" && before !== null) {
    assert.ok(typeof after === "object" && after !== null, "a container stays one");
    const [was, is] = [Object.entries(before), Object.entries(after)];
    assert.deepEqual(
      is.map(([name]) => name),
      was.map(([name]) => name),
    );
    for (const [n, [name, inner]] of was.entries())
      assertRedacted(inner, is[n]?.[1], [...path, Array.isArray(before) ? "*" : plain(name)]);
  } else assert.deepEqual(after, before);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, "");
}

function categoryOf(path: readonly string[]): string | undefined {
  const known = categories.get(path.at(-1) ?? "");
  if (known !== undefined) return known;
  const inList = path.length === 3 && path[0] === "list" && path[2] === "inner";
  return inList || path.join("/") === "user/éname" ? "own" : undefined;
}

function inString(text: string): string {
  const cards = text.replaceAll(/(?<![A-Za-z0-9]|\d\.)4111111111111111(?![A-Za-z0-9])/g, (card) =>
    token("card", card),
  );
  return cards
    .split(/(REDACTED-card-[0-9a-f]{12})/)
    .map((part, n) => (n % 2 === 1 ? part : part.replaceAll(/zz+\d?|ß/g, (found) => token("own", found))))
    .join("");
}

/** JSON in one of the ways that it may be written. */
function written(document: unknown, choose: () => number): string {
  const space = (): string => ["", "", "", " ", "\n\t"][choose() % 5] ?? "";
  const string = (text: string): string => {
    const inner = JSON.stringify(text).slice(1, -1);
    const escaped = inner.replaceAll(/[a-zé0-9](?<!\\[a-z]|\\u[0-9a-f]{0,4})/g, (letter) =>
      choose() % 7 === 0 ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}` : letter,
    );
    return `"${escaped}"`;
  };
  const any = (each: unknown): string => {
    if (typeof each === "string") return string(each);
    if (Array.isArray(each))
      return `[${space()}${each.map((one) => any(one) + space()).join(`,${space()}`)}]`;
    if (typeof each !== "object" || each === null) return JSON.stringify(each);
    const members = Object.entries(each).map(
      ([name, inner]) => `${string(name)}${space()}:${space()}${any(inner)}${space()}`,
    );
    return `{${space()}${members.join(`,${space()}`)}}`;
  };
  return any(document);
}

test("it redacts what a redactor that parses would, however the document is written", () => {
  fc.assert(
    fc.property(value, fc.array(fc.nat(1_000), { minLength: 50, maxLength: 50 }), (document, choices) => {
      let n = 0;
      const text = written(document, () => choices[n++ % choices.length] ?? 0);
      fc.pre(typeof document === "object" && document !== null);
      assertRedacted(JSON.parse(text), JSON.parse(redacted(text, "application/json")), []);
    }),
    { numRuns: 3_000 },
  );
});

const canary = "kanarienvogel77";
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJ${canary}.${canary}`;
/** Documents in which the canary stands where rules say so, and how much of it may be seen at most. */
const nests: readonly (readonly [type: string, text: string])[] = [
  [
    "application/json",
    JSON.stringify({ a: [{ b: { password: canary } }, { secret: { deep: [canary, { x: canary }] } }], z: 1 }),
  ],
  [
    "application/json",
    JSON.stringify(
      { pad: "x", body: JSON.stringify({ inner: JSON.stringify({ password: canary }) }) },
      null,
      2,
    ),
  ],
  ["application/json", JSON.stringify({ note: `Bearer ${canary}${canary} and ${jwt} or sk_live_${canary}` })],
  ["application/json", `{"a":"broken " here","password":"${canary}","pin":{"x":"${canary}"}}`],
  ["application/x-ndjson", `{"a":1}\n{"apiKey":"${canary}"}\n{"b":"password=${canary}"}\n`],
  ["text/event-stream", `event: m\ndata: {"password":\ndata: "${canary}"}\n\ndata: token=${canary}\n\n`],
  [
    "application/x-www-form-urlencoded",
    `a=1&user%5Bpassword%5D=${canary}&to=%2Fx%3Ftoken%3D${canary}&j=%7B%22pwd%22%3A%22${canary}%22%7D`,
  ],
  [
    "multipart/form-data; boundary=b1",
    `--b1\r\nContent-Disposition: form-data; name="password"\r\n\r\n${canary}\r\n--b1\r\nContent-Disposition: form-data; name="f"; filename="x.json"\r\nContent-Type: application/json\r\n\r\n{"cvv":"${canary}"}\r\n--b1--\r\n`,
  ],
  [
    "application/xml",
    `<?xml version="1.0"?><r><u password="${canary}"/><Secret><v>${canary}</v></Secret><token><![CDATA[${canary}]]></token></r>`,
  ],
  ["text/html", `<form action="/x?token=${canary}"><input name="csrf" value="${canary}"></form>`],
  [
    "text/plain",
    `password=${canary}\nAuthorization: Bearer ${canary}\nCookie: a=${canary}; b=${canary}\n-----BEGIN PRIVATE KEY-----\n${canary}\n`,
  ],
];

test("wherever a body is cut, nothing of a secret is left", () => {
  const parts = [canary, canary.slice(0, 6), canary.slice(-6)];
  for (const [type, text] of nests)
    for (let length = 0; length <= text.length; length++) {
      const results = [type, ""].map((given) => redacted(text.slice(0, length), given, true));
      for (const result of results)
        assert.ok(!parts.some((part) => result.includes(part)), `${type}, cut at ${length}: ${result}`);
    }
});

const types = [
  "application/json",
  "application/x-ndjson",
  "text/event-stream",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=b1",
  "application/xml",
  "text/html",
  "text/plain",
  "",
];

test("what is redacted stays as it is, cut or not, by any type", () => {
  const pieces = fc.constantFrom(
    "password",
    "=",
    ":",
    '"',
    "'",
    "&",
    "{",
    "}",
    "[",
    "]",
    ",",
    " ",
    "\n",
    "<",
    ">",
    "</",
    "token",
    "Bearer ",
    "zz9",
    "4111111111111111",
    "-",
    "x",
    "%3D",
    "%22",
    "\\",
    "\\u0070",
    "pin",
    "data:",
    "--b1",
    "\r\n\r\n",
    'name="password"',
    "REDACTED-card-0123456789ab",
    "REDACTED-",
    "eyJhbGciOi.eyJzdWIi",
    "sk_live_abcdefgh",
    "12",
    "é",
    "ß",
    "http://a:b@c/",
    "?",
    "/",
    "null",
    "1",
    "-----BEGIN PRIVATE KEY-----",
  );
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 14 }),
      fc.constantFrom(...types),
      fc.boolean(),
      (parts, type, cut) => {
        const once = redacted(parts.join(""), type, cut);
        assert.equal(redacted(once, type, cut), once, JSON.stringify(parts.join("")));
      },
    ),
    {
      numRuns: 20_000,
      // What is broken as JSON may be JSON that was cut once its end was replaced.
      examples: [
        [['"', "password", "%3D", "\\", "password", "-----BEGIN PRIVATE KEY-----", '"', "x"], "", false],
      ],
    },
  );
});

test("targets, headers and texts stay as they are, too", () => {
  const pieces = fc.constantFrom(
    "/",
    "?",
    "&",
    "=",
    "#",
    ";",
    "password",
    "token",
    "code",
    "reset",
    "x1",
    "%2F",
    "%3D",
    "%20",
    "+",
    "4111111111111111",
    "eyJhbGciOi.eyJzdWIi",
    "https://",
    "@",
    "a",
    ":",
    "Bearer ",
    "zz",
    "é",
    "REDACTED-x-0123456789ab",
    ".",
    " ",
  );
  const names = fc.constantFrom(
    "Authorization",
    "Cookie",
    "Set-Cookie",
    "Location",
    "X-Api-Key",
    "User-Agent",
    "Link",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), names, (parts, name) => {
      const text = parts.join("");
      for (const redact of [
        (given: string) => rules.target(given),
        (given: string) => rules.text(given),
        (given: string) => rules.headers("request", [[name, given]])[0]?.[1] ?? "",
      ]) {
        const once = redact(text);
        assert.equal(redact(once), once, `${name}: ${text}`);
      }
    }),
    { numRuns: 10_000 },
  );
});

test("any bytes are taken, and those without secrets come out as they were", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...types), (bytes, type) => {
      const once = rules.body("response", bytes, type);
      assert.deepEqual(Buffer.from(rules.body("response", once, type)), Buffer.from(once));
    }),
    { numRuns: 3_000 },
  );
  const latin = Buffer.from([0x7b, 0x22, 0xe9, 0xff, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]);
  assert.equal(rules.body("request", latin, "application/json"), latin);
});

test("bodies in UTF-16 are redacted and stay in it", () => {
  const little = Buffer.from(`\ufeff{"ä":1,"password":"${canary}"}`, "utf16le");
  for (const bytes of [little, little.subarray(2), Buffer.from(little).swap16()]) {
    const result = Buffer.from(rules.body("request", bytes, "application/json"));
    const text = (bytes[0] === 0xfe ? Buffer.from(result).swap16() : result).toString("utf16le");
    assert.equal(text.replace("\ufeff", ""), `{"ä":1,"password":"${token("password", canary)}"}`);
  }
});

const floods: readonly string[] = [
  '"',
  "[",
  "{",
  '{"a":',
  "\\",
  '\\"',
  "=",
  ":",
  "password=",
  '"password":',
  "<",
  "<a ",
  "<password>",
  "&",
  "%3D",
  "1 ",
  "4111 ",
  "eyJ",
  "eyJa.",
  "-----BEGIN PRIVATE KEY-----",
  "REDACTED-",
  "REDACTED-a-0123456789ab",
  "data:",
  "--b1\r\n\r\n",
  "Bearer ",
  "sk_live_",
  "://a:",
  "{[",
  "'",
  "zz",
  "DE89",
  "a@",
];

test("64 KiB of anything, and a mebibyte of quotes and brackets, come back bounded", () => {
  for (const flood of floods)
    for (const type of ["application/json", "application/xml", "multipart/form-data; boundary=b1"]) {
      const size = ['"', "[", "{"].includes(flood) ? 2 ** 20 : 2 ** 16;
      const bytes = Buffer.from(flood.repeat(Math.floor(size / flood.length)));
      const result = rules.body("request", bytes, type, true);
      assert.ok(result.length <= bytes.length * 30, `${flood}: ${result.length} bytes`);
    }
});
