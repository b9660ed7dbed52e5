import assert from "node:assert/strict";
import { test } from "node:test";
import { detectors } from "./detectors.ts";
import type { DetectorName } from "./wire.ts";

/** Texts in which what stands between the brackets is found, and nothing where there are none. */
const cases: Readonly<Record<DetectorName, readonly string[]>> = {
  card: [
    "[4111111111111111]",
    "pay with [4111 1111 1111 1111] please",
    "[4111-1111-1111-1111]",
    "[378282246310005]",
    "[5555555555554444], 4111111111111112",
    "[2223003122003222]",
    "[6011111111111117]",
    "[3530111333300000]",
    "card:[4111 1111 1111 1111] 123 times",
    "code 12 34 [4111 1111 1111 1111]",
    "end of it.[4111111111111111].",
    "4111111111111112",
    "0.4111111111111111",
    "1111111111111111",
    "20261120055958123",
    "1764136798123",
    "a4111111111111111f",
    "41111111111111111111111",
    "phone +44 20 7946 0958",
  ],
  iban: [
    "[DE89370400440532013000]",
    "to [DE89 3704 0044 0532 0130 00] today",
    "[GB29 NWBK 6016 1331 9268 19].",
    "[NO9386011117947]",
    "DE89370400440532013001",
    "DE8937040044053201300",
    "DE893704004405320130000",
    "XX89370400440532013000",
    "REF12 3456 7890",
  ],
  ssn: [
    "[078-05-1120]",
    "my ssn [078-05-1120] thanks",
    "[078 05 1120]",
    "000-12-3456",
    "666-12-3456",
    "900-12-3456",
    "078-00-1120",
    "078-05-0000",
    "078-05 1120",
    "1078-05-1120",
    "078-05-11201",
    "078051120",
  ],
  email: ["write to [ada.l+x@mail.example.com], soon", "@example.com", "ada@localhost", "a @ b.com"],
  jwt: [
    "[eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl]",
    "is [eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0] cut",
    "[eyJhbGciOiJSU0EifQ.AAAA.BBBB.CCCC.DDDD]",
    "eyJhbGciOiJIUzI1NiJ9 alone",
    "heyJude.is.a.song",
  ],
  key: [
    "[sk_live_abcdefgh12345678]",
    'curl -u "[sk_test_abcdefgh]:"',
    "[ghp_abcdefghijklmnopqrstuvwxyz0123456789]",
    "[AKIAIOSFODNN7EXAMPLE]",
    "[xoxb-123456789012-abcdefghijkl]",
    "[whsec_abcdefghijklmnop+/=]",
    "[github_pat_11ABCDEFG0abcdefghij_klmnop]",
    "ask_live_abcdefgh",
    "sk_live_",
    "AKIASHORT",
    "task-force-of-many-people",
  ],
  private_key: [
    "key: [-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----] end",
    "[-----BEGIN RSA PRIVATE KEY-----\nAAAA and it was cut",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
  ],
  bearer: [
    "Authorization: Bearer [abc123def456]",
    "basic [QWxhZGRpbjpvcGVuIHNlc2FtZQ==] x",
    "the bearer certificates",
    "Basic information",
    "bearer of news",
  ],
  url_password: [
    "postgres://ada:[hunter2]@db.example/x",
    "https://:[secret]@host/",
    "https://ada@host/",
    "http://host:8080/a@b",
  ],
  random: [
    "[xK3jP9qLmN2vB7wR5tY8]",
    "[9f86d081884c7d659a2feaa0c55ad015a3bf4f1b]",
    "how-to-make-a-great-website-in-2024",
    "0190c1e2-7b7a-7cc3-98c4-dc0c0c07398f",
    "507f1f77bcf86cd799439011",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "12345678901234567890123456",
    "internationalization-settings",
  ],
};

for (const [name, texts] of Object.entries(cases))
  test(`${name} finds what has its form and nothing that has not`, () => {
    const detector = detectors[name as DetectorName];
    for (const marked of texts) {
      const text = marked.replace(/[[\]]/g, "");
      const start = marked.indexOf("[");
      const end = marked.includes("]") ? marked.indexOf("]") - 1 : text.length;
      assert.deepEqual(detector.find(text, 0), start === -1 ? undefined : [start, end], marked);
      if (start !== -1) assert.match(text, new RegExp(detector.trigger), "the trigger sees it too");
    }
  });

test("one value after the other is found", () => {
  const text = "4111111111111111 5555555555554444,378282246310005";
  const found: string[] = [];
  for (let span = detectors.card.find(text, 0); span !== undefined; span = detectors.card.find(text, span[1]))
    found.push(text.slice(...span));
  assert.deepEqual(found, ["4111111111111111", "5555555555554444", "378282246310005"]);
});
