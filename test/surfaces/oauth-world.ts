import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
  OAuthTokens,
  StoredOAuthClientInformation,
} from "@modelcontextprotocol/client";
import { compose, type Sluice } from "../../src/compose.ts";
import { config as readConfig } from "../../src/config.ts";
import { newId } from "../../src/kernel/id.ts";
import { member } from "../../src/planes/account/people/member.ts";
import type { Role } from "../../src/planes/account/people/role.ts";
import { sessions } from "../../src/planes/account/people/sessions.ts";
import { users } from "../../src/planes/account/people/users.ts";
import { unitOfWork } from "../../src/registry/unit.ts";
import { selfHosted, workspace } from "../../src/registry/workspace.ts";

/** A server with people in it. */
export type OauthWorld = {
  readonly sluice: Sluice;
  readonly url: string;
  readonly key: string;
  /** The workspace of the first start. */
  readonly workspace: string;
  /** Somebody who is signed in at a browser of their own, with a role in workspaces by id. */
  newPerson(roles: Readonly<Record<string, Role>>): Promise<Person>;
  newWorkspace(name: string): Promise<string>;
  /** A role in the workspace, which may be the first, or none. */
  changeRole(person: Person, workspaceId: string, role: Role | null): Promise<void>;
  close(): Promise<void>;
};

export type Person = { readonly id: string; readonly browser: Browser };

export async function openOauthWorld(env: Readonly<Record<string, string>> = {}): Promise<OauthWorld> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-oauth-"));
  const config = readConfig({ SLUICE_DATA_DIR: folder, SLUICE_PORT: "0", ...env });
  const sluice = await compose({ config, version: "0.0.0", log: (line) => process.emitWarning(line) });
  const { engines, url } = sluice;
  const { store, clock } = engines;
  const commit = (scope: string, change: (unit: ReturnType<typeof unitOfWork>) => void | Promise<void>) =>
    committed(engines, scope, change);
  const [first] = await store.records.every(workspace.kind, { limit: 1 });
  const signedIn = sessions(engines);
  const people = users(engines);
  return {
    sluice,
    url,
    key: sluice.first?.key.reveal() ?? "",
    workspace: first?.id ?? "",
    async newPerson(roles) {
      const value = {
        name: "Ada Lovelace",
        email: `${newId("ada").toLowerCase()}@fake.example`,
        external: null,
      };
      const { id } = await people.create(value, null, { operation: "test" });
      for (const [scope, role] of Object.entries(roles))
        await commit(scope, (unit) => void unit.create(member, { user: id, role }));
      const { cookie } = await signedIn.begin(id, { client: "test", remoteAddress: "127.0.0.1" });
      return { id, browser: new Browser(url, cookie.split(";")[0] ?? "") };
    },
    async newWorkspace(name) {
      const id = newId("ws");
      await store.commit({
        workspace: id,
        at: clock.now(),
        actor: { kind: "system", id: "test" },
        operation: "test",
        records: [
          {
            kind: workspace.kind,
            id,
            expected: 0,
            value: { name, plan: selfHosted },
            secrets: {},
            fingerprints: {},
            keys: {},
            globalKeys: {},
            indexes: {},
            deletedAt: null,
            restores: null,
          },
        ],
        entries: [],
        outbox: [],
        audit: null,
      });
      return id;
    },
    changeRole: (person, scope, role) =>
      commit(scope, async (unit) => {
        const row = await unit.byKey(member, "user", person.id);
        if (row === undefined)
          unit.create(member, { user: person.id, role: role ?? assert.fail("no member") });
        else if (role === null) unit.remove(member, row);
        else unit.update(member, row, { ...row.value, role });
      }),
    async close() {
      await sluice.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function committed(
  { store, vault, clock }: Sluice["engines"],
  scope: string,
  change: (unit: ReturnType<typeof unitOfWork>) => void | Promise<void>,
): Promise<void> {
  const at = clock.now();
  const unit = unitOfWork(scope, at, { store, vault });
  await change(unit);
  const { changes: _, ...written } = unit.written();
  const actor = { kind: "system", id: "test" } as const;
  await store.commit({ ...written, workspace: scope, at, actor, operation: "test", audit: null });
}

/** What a browser shows. */
export type View = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where it was read, after redirects within the server. */
  readonly url: URL;
};

/** Keeps cookies by path and follows redirects, as far as they stay on the server. */
export class Browser {
  readonly #base: string;
  readonly #cookies = new Map<string, { readonly pair: string; readonly path: string }>();
  /** Where the last redirect led that left the server. */
  left: URL | null = null;

  constructor(base: string, cookie?: string) {
    this.#base = base;
    if (cookie !== undefined) this.#cookies.set(cookie.split("=")[0] ?? "", { pair: cookie, path: "/" });
  }

  /** Forgets who is signed in, and everything else. */
  forget(): void {
    this.#cookies.clear();
  }

  async open(target: string | URL, init: RequestInit = {}): Promise<View> {
    const url = new URL(target, this.#base);
    const own = [...this.#cookies.values()].filter(({ path }) => url.pathname.startsWith(path));
    const headers = new Headers(init.headers);
    headers.set("accept", "text/html");
    if (own.length > 0) headers.set("cookie", own.map(({ pair }) => pair).join("; "));
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    const location = answer.headers.get("location");
    if (location === null || answer.status < 300 || answer.status > 399)
      return { status: answer.status, headers: answer.headers, text: await answer.text(), url };
    await answer.body?.cancel();
    const next = new URL(location, url);
    if (next.origin === new URL(this.#base).origin) return this.open(next);
    this.left = next;
    return { status: answer.status, headers: answer.headers, text: "", url };
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const path = attributes.find((it) => /^path=/i.test(it))?.slice(5) ?? "/";
    this.#cookies.set(pair.split("=")[0] ?? "", { pair, path });
  }

  post(target: string | URL, form: URLSearchParams): Promise<View> {
    return this.open(target, {
      method: "POST",
      body: form.toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
  }

  /** Fills the consent page in and goes on; answers what the client is told. */
  async decide(
    asked: View,
    decision: "approve" | "refuse",
    change: (form: URLSearchParams) => void = () => {},
  ): Promise<URLSearchParams> {
    const form = formOf(asked);
    form.set("decision", decision);
    change(form);
    const done = await this.post(asked.url, form);
    const onward = /^0;url=(.*)$/.exec(done.headers.get("refresh") ?? "")?.[1];
    assert.ok(onward !== undefined, done.text);
    const query = await this.leave(onward);
    assert.ok(query !== undefined, "it led nowhere");
    return query;
  }

  /** Opens an address and answers the query of where that leads, which is not the server. */
  async leave(target: string): Promise<URLSearchParams | undefined> {
    this.left = null;
    await this.open(target);
    return this.gone()?.searchParams;
  }

  gone(): URL | null {
    return this.left;
  }
}

/** The fields of the page's form, as they are filled in: the first of a choice, every box that is ticked. */
export function formOf({ text }: Pick<View, "text">): URLSearchParams {
  const form = new URLSearchParams();
  const select = /<select[^>]*name="([^"]+)"[^]*?<option value="([^"]+)"/.exec(text);
  if (select !== null) form.set(select[1] ?? "", select[2] ?? "");
  for (const [input] of text.matchAll(/<input\b[^>]*>/g)) {
    const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(input)?.[1];
    const name = value("name");
    const isLeftOut = value("type") === "checkbox" && !/\bchecked\b/.test(input);
    if (name !== undefined && !isLeftOut) form.set(name, value("value") ?? "");
  }
  return form;
}

/** A client of the SDK, unmodified, whose browser is a person's: what it stores stands in memory. */
export class FakeClient implements OAuthClientProvider {
  readonly redirectUrl = "http://127.0.0.1:33418/callback";
  readonly clientMetadata = {
    client_name: "Fake Agent",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  readonly #person: Person;
  /** What the person sees last, and what they do with it. */
  asked: View | null = null;
  callback: URLSearchParams | null = null;
  change: (form: URLSearchParams) => void = () => {};
  #client: StoredOAuthClientInformation | undefined;
  #tokens: OAuthTokens | undefined;
  #discovered: OAuthDiscoveryState | undefined;
  #verifier = "";

  constructor(person: Person) {
    this.#person = person;
  }

  clientInformation() {
    return this.#client;
  }

  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.#client = client;
  }

  tokens() {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }

  state(): string {
    return "fake-state";
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.asked = await this.#person.browser.open(url);
    assert.equal(this.asked.status, 200, this.asked.text);
    this.callback = await this.#person.browser.decide(this.asked, "approve", this.change);
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovered = state;
  }

  discoveryState() {
    return this.#discovered;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }
}

/** A client that registers, asks and exchanges step by step: for what a well-behaved one never does. */
export async function register(
  { url }: Pick<OauthWorld, "url">,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly status: number; readonly clientId: string }> {
  const answer = await fetch(`${url}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Fake Agent",
      redirect_uris: [callback],
      token_endpoint_auth_method: "none",
      ...metadata,
    }),
  });
  const { client_id } = (await answer.json()) as { readonly client_id?: string };
  return { status: answer.status, clientId: client_id ?? "" };
}

export const callback = "http://127.0.0.1/callback";
const verifier = "fake-verifier-fake-verifier-fake-verifier-fake";

export function authorizeUrl(
  { url }: Pick<OauthWorld, "url">,
  clientId: string,
  params: Readonly<Record<string, string>> = {},
): URL {
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const all = {
    client_id: clientId,
    response_type: "code",
    redirect_uri: callback,
    code_challenge: challenge,
    code_challenge_method: "S256",
    resource: `${url}/api/mcp`,
    ...params,
  };
  return new URL(`${url}/oauth/authorize?${new URLSearchParams(all).toString()}`);
}

export type Connection = { readonly access: string; readonly refresh: string; readonly clientId: string };

/** A person connects a client for the resource and approves all that they are shown. */
export async function connect(
  world: Pick<OauthWorld, "url">,
  { browser }: Person,
  params: Readonly<Record<string, string>> = {},
  change?: (form: URLSearchParams) => void,
): Promise<Connection> {
  const clientId = params["client_id"] ?? (await register(world)).clientId;
  const asked = await browser.open(authorizeUrl(world, clientId, params));
  const query = await browser.decide(asked, "approve", change);
  const answer = await token(world, {
    grant_type: "authorization_code",
    client_id: clientId,
    code: query.get("code") ?? "",
    code_verifier: verifier,
    redirect_uri: callback,
  });
  const tokens = (await answer.json()) as { readonly access_token: string; readonly refresh_token: string };
  return { access: tokens.access_token, refresh: tokens.refresh_token, clientId };
}

export function token(
  { url }: Pick<OauthWorld, "url">,
  form: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(`${url}/oauth/token`, { method: "POST", body: new URLSearchParams(form) });
}

/** Lists endpoints over MCP with this bearer text. */
export function call({ url }: Pick<OauthWorld, "url">, bearer: string, args: object = {}): Promise<Response> {
  return fetch(`${url}/api/mcp`, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "list_endpoints", arguments: args },
    }),
  });
}

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}
