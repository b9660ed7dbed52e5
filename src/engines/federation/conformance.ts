import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test, type TestContext } from "node:test";
import type { Federation } from "./federation.ts";
import { startProvider, type TrialProvider } from "./conformance/provider.ts";

const ada = { sub: "ada-1", email: "ada@example.com", email_verified: true, name: "Ada" } as const;
const redirectUri = "http://127.0.0.1:1/sign-in/external/callback";
const hourMs = 3_600_000;
const redirectsMax = 5;

export type FederationOptions = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly clock: { now(): number };
  readonly log: (line: string) => void;
};

type Trial = {
  readonly federation: Federation;
  readonly provider: TrialProvider;
  readonly log: readonly string[];
  /** Another server of ours, with other settings. */
  another(options: Partial<FederationOptions>): Federation;
  pass(ms: number): void;
};

/** What an honest browser does: goes where it is sent, and comes back with this query. */
export async function journey(to: string): Promise<string> {
  const cookies = new Map<string, string>();
  let at = to;
  for (let n = 0; n < redirectsMax; n++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(at, { redirect: "manual", headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    assert.ok(location !== null, `${at}: ${response.status} ${await response.text()}`);
    const next = new URL(location, at);
    if (next.href.startsWith(redirectUri)) return next.search.slice(1);
    at = next.href;
  }
  return assert.fail("more redirects than there are");
}

function changed(query: string, change: (parameters: URLSearchParams) => void): string {
  const parameters = new URLSearchParams(query);
  change(parameters);
  return parameters.toString();
}

const notAccepted = { kind: "unauthenticated", message: /was not accepted/ };
const notReached = { kind: "unavailable", message: /cannot be reached/ };

/** A document of the provider, with other members. */
function withMembers(path: string, members: object): Parameters<TrialProvider["alters"]>[0] {
  return (asked, answer) =>
    asked === path
      ? { ...answer, text: JSON.stringify({ ...(JSON.parse(answer.text) as object), ...members }) }
      : answer;
}

const promises: Readonly<Record<string, (trial: Trial) => Promise<void>>> = {
  "who comes back is who the provider says": async ({ federation, provider }) => {
    const { to, departure } = await federation.depart();
    assert.deepEqual(await federation.arrive(await journey(to), departure), {
      id: `${provider.issuer} ada-1`,
      verifiedEmail: "ada@example.com",
      name: "Ada",
    });
  },

  "the browser is sent with PKCE, a state and a nonce that are new each time, and without the secret":
    async ({ federation, provider }) => {
      const both = [await federation.depart(), await federation.depart()];
      const queries = both.map(({ to }) => new URL(to).searchParams);
      for (const query of queries) {
        assert.equal(query.get("code_challenge_method"), "S256");
        assert.equal(query.get("response_type"), "code");
        assert.equal(query.get("redirect_uri"), redirectUri);
      }
      for (const name of ["state", "nonce", "code_challenge"])
        assert.equal(new Set(queries.map((query) => query.get(name))).size, 2, name);
      assert.ok(both.every(({ to, departure }) => !to.includes(departure.verifier)));
      assert.ok(!JSON.stringify(both).includes(provider.client.secret));
    },

  "an email that is not said to be verified is none": async ({ federation, provider }) => {
    for (const [verified, email] of [
      [true, ada.email],
      ["true", ada.email],
      [false, null],
      ["false", null],
      [undefined, null],
    ] as const) {
      provider.signsIn({
        sub: "bea-1",
        email: ada.email,
        ...(verified !== undefined && { email_verified: verified }),
      });
      const { to, departure } = await federation.depart();
      assert.equal((await federation.arrive(await journey(to), departure)).verifiedEmail, email);
    }
  },

  "a person who refuses, or is refused, is told so": async ({ federation, provider }) => {
    provider.signsIn({ sub: "nobody" });
    const { to, departure } = await federation.depart();
    await assert.rejects(federation.arrive(await journey(to), departure), {
      kind: "unauthenticated",
      message: /did not sign you in/,
    });
  },

  "attack: another state, or none, is refused before anything is asked": async ({ federation, provider }) => {
    const { to, departure } = await federation.depart();
    const query = await journey(to);
    provider.asked.length = 0;
    for (const state of ["", "another"])
      await assert.rejects(
        federation.arrive(
          changed(query, (it) => it.set("state", state)),
          departure,
        ),
        notAccepted,
      );
    await assert.rejects(
      federation.arrive(
        changed(query, (it) => it.delete("state")),
        departure,
      ),
      notAccepted,
    );
    assert.deepEqual(provider.asked, []);
  },

  "attack: a token with another nonce is refused": async ({ federation }) => {
    const { to, departure } = await federation.depart();
    const swapped = new URL(to);
    swapped.searchParams.set("nonce", "of-somebody-else");
    await assert.rejects(federation.arrive(await journey(swapped.href), departure), notAccepted);
  },

  "attack: the code of another journey is refused": async ({ federation }) => {
    const [one, two] = [await federation.depart(), await federation.depart()];
    const code = new URLSearchParams(await journey(two.to)).get("code") ?? "";
    const query = changed(await journey(one.to), (it) => it.set("code", code));
    await assert.rejects(federation.arrive(query, one.departure), notAccepted);
  },

  "attack: a code is good once": async ({ federation }) => {
    const { to, departure } = await federation.depart();
    const query = await journey(to);
    await federation.arrive(query, departure);
    await assert.rejects(federation.arrive(query, departure), notAccepted);
  },

  "attack: an answer in the name of another issuer, or of none, is refused before anything is asked": async ({
    federation,
    provider,
  }) => {
    const { to, departure } = await federation.depart();
    const query = await journey(to);
    provider.asked.length = 0;
    for (const change of [
      (it: URLSearchParams) => it.set("iss", "https://evil.example"),
      (it: URLSearchParams) => it.delete("iss"),
    ])
      await assert.rejects(federation.arrive(changed(query, change), departure), notAccepted);
    assert.deepEqual(provider.asked, []);
  },

  "attack: a provider that says that it is another is not used": async ({ federation, provider }) => {
    const path = "/.well-known/openid-configuration";
    provider.alters(withMembers(path, { issuer: "https://accounts.example.com" }));
    await assert.rejects(federation.depart(), { kind: "unavailable", message: /cannot be used/ });
  },

  "attack: a token signed with a key that is not the provider's is refused": async ({
    federation,
    provider,
  }) => {
    const { to, departure } = await federation.depart();
    const query = await journey(to);
    const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    provider.alters((path, answer) => {
      if (path !== "/jwks") return answer;
      const { keys } = JSON.parse(answer.text) as { keys: object[] };
      return { ...answer, text: JSON.stringify({ keys: keys.map((it) => ({ ...it, ...key })) }) };
    });
    await assert.rejects(federation.arrive(query, departure), notAccepted);
  },

  "a wrong secret is told in the log, without it, and to nobody else": async ({ another, log }) => {
    const clientSecret = "EXAMPLE-of-a-wrong-secret";
    const federation = another({ clientSecret });
    const { to, departure } = await federation.depart();
    await assert.rejects(federation.arrive(await journey(to), departure), notAccepted);
    assert.match(log.join("\n"), /invalid_client/);
    assert.ok(!log.join("\n").includes(clientSecret));
  },

  "a provider that is down, fails, or says too much is unavailable; once it is back it is used": async ({
    federation,
    provider,
    log,
  }) => {
    await provider.stop();
    await assert.rejects(federation.depart(), notReached);
    await provider.restart();
    provider.alters((_, answer) => ({ ...answer, status: 503 }));
    await assert.rejects(federation.depart(), notReached);
    provider.alters((_, { status, text }) => ({ status, text: text + " ".repeat(300_000) }));
    await assert.rejects(federation.depart(), notReached);
    for (const reason of [/ECONNREFUSED|refused/, /status 503/, /too long/])
      assert.match(log.join("\n"), reason);
    provider.alters(undefined);
    const { to, departure } = await federation.depart();
    const query = await journey(to);
    await provider.stop();
    await assert.rejects(federation.arrive(query, departure), notReached);
  },

  "metadata is asked for once an hour by however many, and the old is used while the new is not to be had":
    async ({ federation, provider, pass }) => {
      const asks = (): number => provider.asked.filter((path) => path.startsWith("/.well-known/")).length;
      await Promise.all(Array.from({ length: 20 }, () => federation.depart()));
      assert.equal(asks(), 1);
      pass(hourMs - 1);
      await federation.depart();
      assert.equal(asks(), 1);
      pass(1);
      await federation.depart();
      assert.equal(asks(), 2);
      pass(hourMs);
      await provider.stop();
      await federation.depart();
    },

  "keys are kept: of ten who come, one has them asked for": async ({ federation, provider }) => {
    for (let n = 0; n < 10; n++) {
      const { to, departure } = await federation.depart();
      await federation.arrive(await journey(to), departure);
    }
    assert.equal(provider.asked.filter((path) => path === "/jwks").length, 1);
  },
};

/** Registers the tests of what every federation promises. */
export function federationConformance(name: string, open: (options: FederationOptions) => Federation): void {
  for (const [title, tried] of Object.entries(promises))
    test(`${name}: ${title}`, async (t: TestContext) => {
      const provider = await startProvider(() => redirectUri);
      t.after(() => provider.stop());
      provider.signsIn(ada);
      const log: string[] = [];
      let now = 0;
      const options: FederationOptions = {
        issuer: provider.issuer,
        clientId: provider.client.id,
        clientSecret: provider.client.secret,
        redirectUri,
        clock: { now: () => now },
        log: (line) => void log.push(line),
      };
      await tried({
        federation: open(options),
        provider,
        log,
        another: (other) => open({ ...options, ...other }),
        pass(ms) {
          now += ms;
        },
      });
    });
}
