import assert from "node:assert/strict";
import { test } from "node:test";
import type { Login } from "../../engines/logins/logins.ts";
import { Failure } from "../../kernel/failure.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Issued } from "./authorization-server.ts";
import { deviceLogin } from "./device-login.ts";

const login: Login = {
  accessToken: new Secret("fake-access"),
  refreshToken: new Secret("fake-refresh"),
  expiresAt: 0,
};

const device = {
  device_code: "fake-device-code",
  user_code: "FAKE-CODE",
  verification_uri: "http://127.0.0.1/oauth/device",
  verification_uri_complete: "http://127.0.0.1/oauth/device?user_code=FAKE-CODE",
  expires_in: 60,
  interval: 5,
};

/** Polls a server that answers so, the last time for ever; answers what came of it and how long was waited before each poll, in seconds. */
async function polled(...answers: readonly (string | Login)[]) {
  let now = 0;
  const waited: number[] = [];
  const left = [...answers];
  const tokens = (): Promise<Issued> => {
    const answer = (left.length > 1 ? left.shift() : left[0]) ?? "";
    return Promise.resolve(
      typeof answer === "string"
        ? { kind: "refused", error: answer, description: "" }
        : { kind: "issued", login: answer },
    );
  };
  const wait = (ms: number): Promise<void> => {
    now += ms;
    waited.push(ms / 1_000);
    return Promise.resolve();
  };
  const got = await deviceLogin(
    { device: () => Promise.resolve(device), tokens },
    { clock: { now: () => now }, wait, print: () => undefined },
  ).catch((error: unknown) => (error instanceof Failure ? [error.kind, error.message] : error));
  return { got, waited };
}

test("it asks as often as the server says, and less often once it is told to slow down", async () => {
  const { got, waited } = await polled("authorization_pending", "slow_down", "authorization_pending", login);
  assert.equal(got, login);
  assert.deepEqual(waited, [5, 5, 10, 10]);
});

test("a code that is over ends it, whether the server says so, has forgotten it or says nothing of it", async () => {
  for (const said of ["expired_token", "invalid_grant", "authorization_pending"]) {
    const { got, waited } = await polled(said);
    assert.deepEqual(got, ["unauthenticated", "Nobody approved the login before its code was over."]);
    assert.equal(waited.length, said === "authorization_pending" ? 12 : 1, said);
  }
});

test("a person who refuses ends it, and so does what is not known", async () => {
  for (const [said, message] of [
    ["access_denied", "The login was refused in the browser."],
    ["invalid_scope", "The server refused: invalid_scope."],
  ] as const)
    assert.deepEqual((await polled(said)).got, ["forbidden", message]);
});
