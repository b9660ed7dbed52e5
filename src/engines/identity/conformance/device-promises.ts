import assert from "node:assert/strict";
import type { Identity } from "../identity.ts";
import {
  account,
  builtIn,
  errorOf,
  issuer,
  json,
  pageOf,
  pathOf,
  realm,
  scopes,
  second,
  tokenAnswer,
  tokensOf,
  Visitor,
  type Promises,
} from "./trial.ts";

/** A device asks for a code. */
async function newDevice(identity: Identity) {
  const answer = await new Visitor(identity).post("/oauth/device/authorize", { client_id: builtIn.id });
  assert.equal(answer.status, 200, answer.body ?? "");
  const { device_code, user_code, verification_uri, verification_uri_complete } = json(answer);
  assert.deepEqual(
    [verification_uri, verification_uri_complete],
    [`${issuer}/oauth/device`, `${issuer}/oauth/device?user_code=${String(user_code)}`],
  );
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: builtIn.id,
    device_code: String(device_code),
  };
  return {
    userCode: String(user_code),
    poll: () => tokenAnswer(identity, form),
    deviceCode: String(device_code),
  };
}

/** A person types the code and is asked whether it is theirs. */
async function typed(browser: Visitor, userCode: string) {
  const { xsrf, action } = pageOf(await browser.get("/oauth/device"), "user-code");
  assert.equal(action, `${issuer}/oauth/device`);
  return { xsrf, answer: await browser.post("/oauth/device", { xsrf, user_code: userCode }) };
}

/** How a device without a browser is connected by a person who has one. */
export const devicePromises: Promises = {
  async "a device is connected by the code that it shows, once a person confirmed and approved"({
    identity,
  }) {
    const { userCode, poll } = await newDevice(identity);
    assert.deepEqual(errorOf(await poll()), [400, "authorization_pending"]);
    const browser = new Visitor(identity);
    const { xsrf, answer } = await typed(browser, userCode.toLowerCase().replace("-", " "));
    const confirm = pageOf(answer, "confirm-device");
    assert.deepEqual(
      [confirm.userCode, confirm.client, confirm.remoteAddress],
      [userCode, builtIn.name, "192.0.2.7"],
    );
    const sent = await browser.post("/oauth/device", { xsrf, user_code: userCode, confirm: "yes" });
    const request = browser.request("GET", pathOf(sent));
    const pending = await identity.pending(request);
    assert.deepEqual(
      [pending?.redirectUri, pending?.client.from, pending?.scopes, pending?.resource],
      [null, "built-in", scopes, `${issuer}/mcp`],
    );
    assert.deepEqual(errorOf(await poll()), [400, "authorization_pending"]);
    const { next = "" } =
      (await identity.approve(request, { account, realm, scopes: ["events:read"] })) ?? {};
    const done = await browser.get(new URL(next).pathname);
    assert.equal(pageOf(done, "device-connected").client, builtIn.name);
    const tokens = tokensOf(await poll());
    assert.deepEqual((await identity.token(tokens.access))?.scopes, ["events:read"]);
    assert.deepEqual(errorOf(await poll()), [400, "invalid_grant"]);
    assert.equal(await identity.token(tokens.access), undefined);
  },

  async "a person who refuses, at either step, is what the device is told"({ identity }) {
    const early = await newDevice(identity);
    const browser = new Visitor(identity);
    const { xsrf } = await typed(browser, early.userCode);
    const aborted = await browser.post("/oauth/device", { xsrf, user_code: early.userCode, abort: "yes" });
    assert.equal(pageOf(aborted, "user-code").problem, "aborted");
    assert.deepEqual(errorOf(await early.poll()), [400, "access_denied"]);

    const late = await newDevice(identity);
    const again = await typed(browser, late.userCode);
    const form = { xsrf: again.xsrf, user_code: late.userCode, confirm: "yes" };
    const request = browser.request("GET", pathOf(await browser.post("/oauth/device", form)));
    const next = await identity.refuse(request);
    await browser.get(new URL(next ?? "").pathname);
    assert.deepEqual(errorOf(await late.poll()), [400, "access_denied"]);
  },

  async "a link with the code in it fills the form and sends nothing"({ identity }) {
    const { userCode } = await newDevice(identity);
    const answer = await new Visitor(identity).get(`/oauth/device?user_code=${userCode}`);
    assert.equal(pageOf(answer, "user-code").userCode, userCode);
  },

  async "a code that is wrong, over or sent by another site connects nothing"({ identity, pass }) {
    const { userCode, poll, deviceCode } = await newDevice(identity);
    const browser = new Visitor(identity);
    for (const wrong of ["", "BCDF-GHJK", deviceCode])
      assert.equal(pageOf((await typed(browser, wrong)).answer, "user-code").problem, "unknown");
    const { xsrf } = pageOf(await browser.get("/oauth/device"), "user-code");
    const form = { user_code: userCode, confirm: "yes" };
    for (const forged of [form, { ...form, xsrf: "fake" }]) {
      const answer = await browser.post("/oauth/device", forged);
      assert.equal(pageOf(answer, "user-code").problem, "failed");
    }
    const elsewhere = await new Visitor(identity).post("/oauth/device", { ...form, xsrf });
    assert.equal(elsewhere.headers["location"], undefined);
    assert.deepEqual(errorOf(await poll()), [400, "authorization_pending"]);
    pass(11 * 60 * second);
    assert.equal(pageOf((await typed(browser, userCode)).answer, "user-code").problem, "unknown");
    assert.equal((await poll()).status, 400);
  },
};
