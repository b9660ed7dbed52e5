import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../kernel/exchange.ts";
import { redactedText, shownBody, shownHeaders, shownTarget } from "./redaction.ts";

function message(content: string | Uint8Array, type = "application/json"): Message {
  const bytes = Buffer.from(content);
  return {
    headers: [["Content-Type", type]],
    body: { bytes, size: bytes.length, sha256: "", truncated: false },
  };
}

const token = "REDACTED-password-0123456789ab";

test("credentials are replaced by the mark, and counted", () => {
  assert.partialDeepStrictEqual(
    shownBody(message('{"password":"fake","pin":1234,"a":[{"note":"token=fake"}]}'), 1_000),
    { text: '{"password":"[redacted]","pin":"[redacted]","a":[{"note":"token=[redacted]"}]}', redacted: 3 },
  );
  assert.equal(
    shownTarget("/in/shop?page=7&token=fake&sig=fake&code=fake"),
    "/in/shop?page=7&token=[redacted]&sig=[redacted]&code=[redacted]",
  );
  assert.equal(redactedText("token=fake"), "token=[redacted]");
});

test("what stands for a value already stays as it is, and counts", () => {
  for (const stored of [token, "[redacted]"]) {
    const text = `{"password":"${stored}"}`;
    assert.partialDeepStrictEqual(shownBody(message(text), 1_000), { text, redacted: 1 });
    assert.equal(shownTarget(`/a?access_token=${stored}`), `/a?access_token=${stored}`);
    assert.deepEqual(shownHeaders([["Authorization", `Bearer ${stored}`]]), [
      { name: "Authorization", value: `Bearer ${stored}` },
    ]);
  }
});

test("signatures, ids and an endpoint's own path are shown", () => {
  const headers = [
    ["Stripe-Signature", "t=1700000000,v1=0f1e2d3c4b5a6978"],
    ["webhook-signature", "v1,ZmFrZS1zaWduYXR1cmU="],
    ["X-Hub-Signature-256", "sha256=0f1e2d3c4b5a6978"],
    ["X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"],
  ] as const;
  assert.deepEqual(
    shownHeaders(headers).map(({ name, value }) => [name, value]),
    headers,
  );
  assert.equal(shownTarget("/in/aZ3xK9qW7mB2nV5cT8rY/x"), "/in/aZ3xK9qW7mB2nV5cT8rY/x");
});

test("wherever a body is cut, nothing of a secret is shown, and no more than asked for", () => {
  const text = `{"a":"é","password":"fakefakefake","b":"password=fakefakefake","pin":1,"otp":2}`;
  for (let bytesMax = 0; bytesMax < Buffer.byteLength(text); bytesMax++) {
    const shown = shownBody(message(text), bytesMax);
    assert.ok(shown?.truncated && shown.encoding === "utf8");
    assert.doesNotMatch(shown.text, /fak/);
    assert.ok(Buffer.byteLength(shown.text) <= bytesMax);
  }
});

test("what is no text is base64 without the credentials that it has", () => {
  const type = "multipart/form-data; boundary=b";
  const parts = ['--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n', "\r\n--b--\r\n\xff\xfe"];
  const shown = shownBody(message(Buffer.from(parts.join("fake"), "latin1"), type), 1_000);
  assert.partialDeepStrictEqual(shown, {
    text: Buffer.from(parts.join("[redacted]"), "latin1").toString("base64"),
    encoding: "base64",
    redacted: 1,
  });
});
