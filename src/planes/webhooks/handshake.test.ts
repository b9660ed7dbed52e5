import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Secret } from "../../kernel/secret.ts";
import { answerHandshake, challengeCharactersMax, handshakeBytesMax } from "./handshake.ts";
import { incoming } from "./incoming.ts";
import { github } from "./providers/github.ts";
import { meta } from "./providers/meta.ts";
import { slack } from "./providers/slack.ts";

const verifyToken = new Secret("fake-verify-token");

function askSlack(body: unknown, method = "POST") {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return answerHandshake(slack, incoming({ method, url: "/in/x", headers: [], body: bytes }), {});
}

function askMeta(query: Record<string, string>, token: Secret | undefined = verifyToken, method = "GET") {
  const url = `https://h/in/x?${new URLSearchParams(query).toString()}`;
  const request = incoming({ method, url, headers: [], body: Buffer.alloc(0) });
  return answerHandshake(meta, request, { verifyToken: token });
}

const subscribe = {
  "hub.mode": "subscribe",
  "hub.verify_token": "fake-verify-token",
  "hub.challenge": "1158201444",
};
const challenge = (text: unknown) => ({ token: "x", type: "url_verification", challenge: text });

describe("Slack's url_verification", () => {
  test("is answered with the challenge as plain text that no browser takes for something else", () => {
    assert.deepEqual(askSlack(challenge("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")), {
      status: 200,
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
      },
      body: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
      refused: null,
    });
  });

  test("is told from an event, and from what only looks like it", () => {
    assert.equal(askSlack({ type: "event_callback", challenge: "x" }), undefined);
    assert.equal(askSlack(challenge("x"), "PUT"), undefined);
    assert.equal(askSlack([challenge("x")]), undefined);
    assert.equal(askSlack("type=url_verification&challenge=x"), undefined);
    assert.equal(askSlack({ ...challenge("x"), fill: "x".repeat(handshakeBytesMax) }), undefined);
  });

  test("reflects nothing but printable ASCII of at most 1,024 characters", () => {
    assert.equal(askSlack(challenge("x".repeat(challengeCharactersMax)))?.status, 200);
    const bad = ["", "x".repeat(challengeCharactersMax + 1), "a\r\nb", "☃", "\u0000", null, {}, ["x"]];
    for (const text of bad) {
      const answer = askSlack(challenge(text));
      assert.deepEqual([answer?.status, answer?.refused], [400, "bad_challenge"]);
    }
  });
});

describe("Meta's hub.challenge", () => {
  test("is answered when the verify token is right", () => {
    const answer = askMeta(subscribe);
    assert.deepEqual([answer?.status, answer?.body, answer?.refused], [200, "1158201444", null]);
  });

  test("is refused when the verify token is wrong, missing, or not stored, without reflecting anything", () => {
    for (const token of ["fake-verify-tokem", "fake-verify-toke", "fake-verify-token1", ""]) {
      const answer = askMeta({ ...subscribe, "hub.verify_token": token });
      assert.deepEqual([answer?.status, answer?.refused], [403, "verify_token_mismatch"]);
      assert.doesNotMatch(answer?.body ?? "", /1158201444/);
    }
    const { "hub.verify_token": _, ...without } = subscribe;
    assert.equal(askMeta(without)?.refused, "verify_token_mismatch");
    const request = incoming({
      method: "GET",
      url: "/?hub.mode=subscribe",
      headers: [],
      body: Buffer.alloc(0),
    });
    assert.equal(answerHandshake(meta, request, {})?.refused, "no_verify_token");
  });

  test("is told from any other request", () => {
    assert.equal(askMeta({ ...subscribe, "hub.mode": "unsubscribe" }), undefined);
    assert.equal(askMeta({}), undefined);
    assert.equal(askMeta(subscribe, verifyToken, "POST"), undefined);
  });

  test("never holds more in its answer than the challenge, whatever is asked", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, token) => {
        const answer = askMeta({ "hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": text });
        assert.equal(answer?.status, 403);
        const right = askMeta({ ...subscribe, "hub.challenge": text });
        assert.ok(right?.status === 400 || (right?.body === text && /^[ -~]+$/.test(text)));
      }),
    );
  });
});

test("a provider without a handshake answers none", () => {
  const request = incoming({
    method: "POST",
    url: "/",
    headers: [],
    body: Buffer.from(JSON.stringify(challenge("x"))),
  });
  assert.equal(answerHandshake(github, request, {}), undefined);
});
