import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { defaultRules } from "./default-rules.ts";
import { InvalidRule } from "./invalid-rule.ts";
import { type Redactor, redactor } from "./redactor.ts";
import type { RedactionMatch, RedactionRule } from "./wire.ts";

const key = Buffer.alloc(32, 7);
const rules = redactor(defaultRules, key);

function token(category: string, value: string): string {
  return `REDACTED-${category}-${createHmac("sha256", key).update(value).digest("hex").slice(0, 12)}`;
}

function body(text: string, type = "application/json", by: Redactor = rules): string {
  return Buffer.from(by.body("request", Buffer.from(text), type)).toString();
}

function only(...matches: readonly RedactionMatch[]): Redactor {
  return redactor(
    matches.map((match, n): RedactionRule => ({ id: `r${n}`, category: "mine", places: [], match })),
    key,
  );
}

const password = token("password", "hunter2");

test("the value of a secret name is replaced, and what was replaced by what is the same everywhere", () => {
  assert.equal(body('{"a":1,"password":"hunter2"}'), `{"a":1,"password":"${password}"}`);
  assert.equal(
    body('{ "user" : { "newPassword" :\n"hunter2" } }'),
    `{ "user" : { "newPassword" :\n"${password}" } }`,
  );
  assert.equal(body('{"pass\\u0077ord":"hunter\\u0032"}'), `{"pass\\u0077ord":"${password}"}`);
  assert.equal(
    body("a=1&password=hunte%722", "application/x-www-form-urlencoded"),
    `a=1&password=${password}`,
  );
  assert.equal(rules.target("/login?a=1&pass%77ord=hunter2"), `/login?a=1&pass%77ord=${password}`);
  assert.equal(
    rules.text("login failed for password=hunter2, sorry"),
    `login failed for password=${password}, sorry`,
  );
  assert.deepEqual(rules.headers("request", [["X-Password", "hunter2"]]), [["X-Password", password]]);
  assert.equal(
    body("<a><password>hunter2</password></a>", "text/xml"),
    `<a><password>${password}</password></a>`,
  );
});

test("values that are no strings are replaced as a whole and the result is JSON", () => {
  const text =
    '{"pin":1234,"secret":{"a":[1,"]}"]},"tokens":[1,2],"otp":true,"password":null,"cvv":"","n":-1.5e3}';
  const redacted: unknown = JSON.parse(body(text));
  assert.deepEqual(redacted, {
    pin: token("password", "1234"),
    secret: token("secret", '{"a":[1,"]}"]}'),
    tokens: token("token", "[1,2]"),
    otp: token("password", "true"),
    password: null,
    cvv: "",
    n: -1500,
  });
});

test("forms are found in strings, in JSON within strings, and in numbers that are cards", () => {
  const card = token("card", "4111111111111111");
  const cases: readonly (readonly [text: string, redacted: string])[] = [
    ['{"note":"card 4111111111111111 ok"}', `{"note":"card ${card} ok"}`],
    ['{"n":4111111111111111}', `{"n":"${card}"}`],
    ['{"n":"4111111111111\\u0031\\u0031\\u0031"}', `{"n":"${card}"}`],
    ['{"epoch":1764136798123,"x":4111111111111112}', '{"epoch":1764136798123,"x":4111111111111112}'],
    ['{"raw":"{\\"password\\":\\"hunter2\\"}"}', `{"raw":"{\\"password\\":\\"${password}\\"}"}`],
    [
      '{"query":"mutation { login(password: \\"hunter2\\") }"}',
      `{"query":"mutation { login(password: \\"${password}\\") }"}`,
    ],
    [
      '{"url":"https://x.example/?a=1&password=hunter2&b=2"}',
      `{"url":"https://x.example/?a=1&password=${password}&b=2"}`,
    ],
    [
      '{"next":"/login?to=%2Fx%3Fpassword%3Dhunter2%26b%3D1"}',
      `{"next":"/login?to=%2Fx%3Fpassword%3D${password}%26b%3D1"}`,
    ],
    [
      '["Authorization: Bearer hunter2hunter2"]',
      `["Authorization: Bearer ${token("authorization", "hunter2hunter2")}"]`,
    ],
  ];
  for (const [text, redacted] of cases) assert.equal(body(text), redacted);
});

test("a name and its value may be two members of JSON", () => {
  const cases: readonly (readonly [text: string, redacted: string])[] = [
    [
      '[{"name":"password","value":"hunter2"},{"name":"page","value":"2"}]',
      `[{"name":"password","value":"${password}"},{"name":"page","value":"2"}]`,
    ],
    [
      '{"key":"password","value":{"text":"x"}}',
      `{"key":"password","value":"${token("password", '{"text":"x"}')}"}`,
    ],
    [
      '{"Name":"pass\\u0077ord","of":{"value":1},"Value":"hunter2"',
      `{"Name":"pass\\u0077ord","of":{"value":1},"Value":"${password}"`,
    ],
    ['{"name":"password"},{"value":"kept"}', '{"name":"password"},{"value":"kept"}'],
    [
      '[{"name":"password","in":"query"},{"value":"kept"}]',
      '[{"name":"password","in":"query"},{"value":"kept"}]',
    ],
    ['{"name":"ada","value":"kept","note":"password"}', '{"name":"ada","value":"kept","note":"password"}'],
    ['{"name":{"value":"kept"},"value":null}', '{"name":{"value":"kept"},"value":null}'],
  ];
  for (const [text, redacted] of cases) assert.equal(body(text), redacted);
});

test("a password of several words is all that is on the line behind its name", () => {
  const phrase = token("password", "correct horse battery");
  const cases: readonly (readonly [text: string, redacted: string])[] = [
    ["user: ada\npassword: correct horse battery\nport: 1", `user: ada\npassword: ${phrase}\nport: 1`],
    ["db:\r\n  - password:  correct horse battery \r\n", `db:\r\n  - password:  ${phrase}\r\n`],
    ["password: correct horse battery", `password: ${phrase}`],
    ["password: hunter2 user: ada", `password: ${password} user: ada`],
    ["password: hunter2 (of ada)", `password: ${password} (of ada)`],
    ["the password: hunter2 was wrong", `the password: ${password} was wrong`],
    ["token: hunter2 was wrong", `token: ${token("token", "hunter2")} was wrong`],
  ];
  for (const [text, redacted] of cases) assert.equal(body(text, "text/plain"), redacted);
});

test("broken and foreign JSON is redacted as text", () => {
  const cases: readonly (readonly [text: string, redacted: string])[] = [
    ['{"a":"x"y","password":"hunter2"}', `{"a":"x"y","password":"${password}"}`],
    ["{password: 'hunter2'}", `{password: '${password}'}`],
    ['// note\n{"password" : "hunter2",}', `// note\n{"password" : "${password}",}`],
    ['{"a" "b", "password":"hunter2"}', `{"a" "b", "password":"${password}"}`],
    ['{"password":hunter2}', `{"password":${password}}`],
    ['{"n":4111-1111-1111-1111}', `{"n":${token("card", "4111-1111-1111-1111")}}`],
    ['log {"password":"hunter2"} end', `log {"password":"${password}"} end`],
  ];
  for (const [text, redacted] of cases) assert.equal(body(text), redacted);
});

test("what was cut off is redacted up to its end", () => {
  const cases: readonly (readonly [text: string, redacted: string])[] = [
    ['{"a":1,"password":"hunter2', `{"a":1,"password":"${password}`],
    ['{"a":1,"password":"', '{"a":1,"password":"'],
    ['{"pin":12', `{"pin":"${token("password", "12")}"`],
    ['{"secret":{"a":"x', `{"secret":"${token("secret", '{"a":"x')}"`],
    ['{"note":"my card 411111111', `{"note":"my card ${token("card", "411111111")}`],
    ['{"note":"key sk_live_ab', `{"note":"key ${token("key", "sk_live_ab")}`],
    ['{"a":tr', '{"a":tr'],
  ];
  for (const [text, redacted] of cases) assert.equal(body(text), redacted);
});

test("lines of JSON, events, forms, parts and markup are redacted by their own form", () => {
  const cases: readonly (readonly [type: string, text: string, redacted: string])[] = [
    ["application/x-ndjson", '{"password":"hunter2"}\n{"a":1}\n', `{"password":"${password}"}\n{"a":1}\n`],
    [
      "text/event-stream",
      'event: x\ndata: {"password":\ndata: "hunter2"}\n\ndata: password=hunter2\r\n\r\n: hi\n',
      `event: x\ndata: {"password":\ndata: "${password}"}\n\ndata: password=${password}\r\n\r\n: hi\n`,
    ],
    ["application/x-www-form-urlencoded", "user[password]=hunter2&b=%20", `user[password]=${password}&b=%20`],
    [
      "multipart/form-data; boundary=xx",
      '--xx\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n--xx\r\nContent-Type: application/json\r\n\r\n{"pwd":"hunter2"}\r\n--xx--\r\n',
      `--xx\r\nContent-Disposition: form-data; name="password"\r\n\r\n${password}\r\n--xx\r\nContent-Type: application/json\r\n\r\n{"pwd":"${password}"}\r\n--xx--\r\n`,
    ],
    [
      "text/xml",
      '<?xml version="1.0"?><s:a password="hunter2"><s:Password><![CDATA[hunter2]]></s:Password><pwd>hunter2',
      `<?xml version="1.0"?><s:a password="${password}"><s:Password>${password}</s:Password><pwd>${password}`,
    ],
    [
      "text/html",
      '<input type=hidden name="user[password]" value="hunter2"><p>password: hunter2</p>',
      `<input type=hidden name="user[password]" value="${password}"><p>password: ${password}</p>`,
    ],
    ["text/plain", "password: hunter2\nnext", `password: ${password}\nnext`],
    ["", "password=hunter2&x=1", `password=${password}&x=1`],
    ["application/x-www-form-urlencoded", '{"password":"hunter2"}', `{"password":"${password}"}`],
    ["application/json", "password=hunter2&x=1", `password=${password}&x=1`],
  ];
  for (const [type, text, redacted] of cases) assert.equal(body(text, type), redacted, type);
});

test("headers keep what is no secret: names of cookies, schemes, hosts and paths", () => {
  const session = token("session", "hunter2");
  const cases: readonly (readonly [name: string, value: string, redacted: string])[] = [
    ["Authorization", "Bearer hunter2", `Bearer ${token("authorization", "hunter2")}`],
    ["authorization", "hunter2", token("authorization", "hunter2")],
    ["Proxy-Authorization", "Basic hunter2", `Basic ${token("authorization", "hunter2")}`],
    ["Cookie", "a=hunter2; b=hunter2", `a=${session}; b=${session}`],
    ["Set-Cookie", "a=hunter2; Path=/; HttpOnly", `a=${session}; Path=/; HttpOnly`],
    ["X-Api-Key", "hunter2", token("key", "hunter2")],
    ["X-Key", "hunter2", token("key", "hunter2")],
    ["X-Session", "hunter2", session],
    ["session_key", "hunter2", session],
    ["Authentication", "hunter2", token("authorization", "hunter2")],
    ["Session-Note", "kept", "kept"],
    ["Location", "/x?password=hunter2#a", `/x?password=${password}#a`],
    [
      "Referer",
      "https://ada:hunter2@x.example/reset/Ab12?q=1",
      `https://${token("password", "ada:hunter2")}@x.example/reset/${token("link", "Ab12")}?q=1`,
    ],
    ["Accept", "application/json", "application/json"],
  ];
  for (const [name, value, redacted] of cases)
    assert.deepEqual(rules.headers("request", [[name, value]]), [[name, redacted]]);
});

test("what was seen to be no secret says nothing of a header of another name", () => {
  const redacted = (name: string, value: string) => rules.headers("request", [[name, value]])[0]?.[1] ?? "";
  assert.equal(redacted("authorization:customer", "example-secret"), "example-secret");
  assert.match(redacted("authorization", "customer:example-secret"), /^REDACTED-/);
});

test("secrets in paths are found by what stands before them and by their form", () => {
  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
  const cases: readonly (readonly [target: string, redacted: string])[] = [
    ["/reset-password/a1b2c3", `/reset-password/${token("link", "a1b2c3")}`],
    ["/reset-password/confirm", "/reset-password/confirm"],
    ["/v1/invites/a1b2c3", `/v1/invites/${token("link", "a1b2c3")}`],
    ["/x?session=abc", `/x?session=${token("signature", "abc")}`],
    [`/v1/${jwt}/x`, `/v1/${token("token", jwt)}/x`],
    ["/files/xK3jP9qLmN2vB7wR5tY8", `/files/${token("link", "xK3jP9qLmN2vB7wR5tY8")}`],
    ["/users/7;jsessionid=abc/x", `/users/7;jsessionid=${token("session", "abc")}/x`],
    ["/users/0190c1e2-7b7a-7cc3-98c4-dc0c0c07398f", "/users/0190c1e2-7b7a-7cc3-98c4-dc0c0c07398f"],
    ["/pay/4111%201111%201111%201111", `/pay/${token("card", "4111 1111 1111 1111")}`],
    ["/x?code=abc&state=7", `/x?code=${token("signature", "abc")}&state=7`],
  ];
  for (const [target, redacted] of cases) assert.equal(rules.target(target), redacted);
});

test("rules of a workspace name headers, fields, paths from the root, patterns and detectors", () => {
  const mine = token("mine", "x1");
  const cases: readonly (readonly [match: RedactionMatch, text: string, redacted: string])[] = [
    [{ field: "Shoe_Size" }, '{"a":{"shoeSize":"x1"}}', `{"a":{"shoeSize":"${mine}"}}`],
    [
      { field: "$.user.card" },
      '{"card":"x1","user":{"CARD":"x1"}}',
      `{"card":"x1","user":{"CARD":"${mine}"}}`,
    ],
    [
      { field: "$.items[*].pan" },
      '{"items":[{"pan":"x1"},{"pan":"x1","p":{"pan":"x1"}}]}',
      `{"items":[{"pan":"${mine}"},{"pan":"${mine}","p":{"pan":"x1"}}]}`,
    ],
    [{ field: "$[1]" }, '["x1","x1","x1"]', `["x1","${mine}","x1"]`],
    [{ field: "$.*.b" }, '{"a":{"b":"x1"},"b":"x1"}', `{"a":{"b":"${mine}"},"b":"x1"}`],
    [{ field: "$['a.b']" }, '{"a.b":"x1"}', `{"a.b":"${mine}"}`],
    [{ pattern: "x\\d" }, '{"x1":"an x1 or x1 é"}', `{"x1":"an ${mine} or ${mine} é"}`],
    [{ pattern: "é+" }, '{"a":"oéé"}', `{"a":"o${token("mine", "éé")}"}`],
    [{ detector: "email" }, '{"a":"to ada@example.com"}', `{"a":"to ${token("mine", "ada@example.com")}"}`],
  ];
  for (const [match, text, redacted] of cases)
    assert.equal(body(text, "application/json", only(match)), redacted);
  assert.deepEqual(only({ header: "X-Mine" }).headers("response", [["x-mine", "x1"]]), [["x-mine", mine]]);
  assert.equal(
    body("user[card]=x1&card=x1", "", only({ field: "$.user.card" })),
    `user[card]=${mine}&card=x1`,
  );
});

test("a rule holds in its places only", () => {
  const by = redactor(
    [{ id: "r", category: "mine", places: ["response.body"], match: { field: "size" } }],
    key,
  );
  const bytes = Buffer.from('{"size":"x1"}');
  assert.equal(by.body("request", bytes, "application/json"), bytes);
  assert.notEqual(by.body("response", bytes, "application/json"), bytes);
  assert.equal(by.target("/?size=x1"), "/?size=x1");
});

test("hits are counted by rule and told once", () => {
  const by = only({ field: "a" }, { pattern: "x+" });
  body('{"a":"1","b":"xx x"}', "application/json", by);
  assert.deepEqual(by.hits(), [
    { rule: "r0", count: 1 },
    { rule: "r1", count: 2 },
  ]);
  assert.deepEqual(by.hits(), []);
});

test("a rule that cannot be compiled is named with its number and member", () => {
  const bad: readonly (readonly [rule: Partial<RedactionRule>, pointer: string])[] = [
    [{ category: "Card" }, "/0/category"],
    [{ match: { field: "$.a[" } }, "/0/match/field"],
    [{ match: { field: "$" } }, "/0/match/field"],
    [{ match: { field: "*" } }, "/0/match/field"],
    [{ match: { pattern: "(a" } }, "/0/match/pattern"],
    [{ match: { header: "a b" } }, "/0/match/header"],
  ];
  for (const [part, pointer] of bad) {
    const rule: RedactionRule = { id: "r", category: "c", places: [], match: { field: "a" }, ...part };
    assert.throws(
      () => redactor([rule], key),
      (error) => error instanceof InvalidRule && error.pointer === pointer,
      pointer,
    );
  }
});
