import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { MockTimersOptions, TestContext } from "node:test";
import type { Send } from "../../../kernel/send.ts";
import { partsOf } from "../../../kernel/target.ts";
import type { EntryStore } from "../entry-place.ts";
import type {
  Approval,
  Grant,
  Identity,
  IdentityAnswer,
  IdentityPage,
  IdentityRequest,
  LimitedUse,
  Pending,
} from "../identity.ts";

/** Somewhere empty that several processes can keep what they make, until `remove`. */
export type IdentityPlace = {
  /** A process of its own at the same place. */
  open(options: IdentityOptions): Promise<Identity>;
  readonly entries: EntryStore["entries"];
  remove(): Promise<void>;
};

export type IdentityOptions = {
  readonly issuer: string;
  readonly send: Send;
  knows(account: string): Promise<boolean>;
  may(use: LimitedUse): Promise<boolean>;
  ended(grant: Grant, how: string): Promise<void>;
  accepted(client: { readonly id: string; readonly from: string }, remoteAddress: string): void;
};

/** What one promise is tried on. */
export type Trial = {
  readonly identity: Identity;
  readonly entries: EntryStore["entries"];
  /** Another process on the same place. */
  another(options?: Partial<IdentityOptions>): Promise<Identity>;
  /** Lets time pass, for the process and its store. */
  pass(ms: number): void;
  /** Documents by address, and how often each was read. */
  readonly documents: Map<string, () => ReturnType<Send>>;
  readonly reads: string[];
  /** Accounts that exist no more. */
  readonly gone: Set<string>;
  /** Why grants ended that nobody revoked. */
  readonly ended: string[];
  /** Clients that were accepted, and from where. */
  readonly accepted: string[];
  /** Uses that are refused from now on. */
  readonly refused: Set<LimitedUse>;
};

/** By what is promised: how it is tried. */
export type Promises = Readonly<Record<string, (trial: Trial) => Promise<void>>>;

export const issuer = "http://127.0.0.1:8080";
export const scopes = ["endpoints:read", "endpoints:write", "events:read"];
export const resources = [
  { path: "/mcp", scopes, reserved: [] },
  { path: "/api/mcp", scopes, reserved: [] },
  { path: "/api/v1", scopes: [...scopes, "tags:write", "keys:write"], reserved: ["keys:write"] },
];
export const builtIn = { id: "fake-cli", name: "Fake CLI", redirectUris: ["http://127.0.0.1/callback"] };
export const account = "usr_ada";
export const realm = "ws_acme";
export const redirectUri = "http://127.0.0.1/callback";
export const second = 1_000;
export const day = 24 * 3_600 * second;

export async function onTrial(
  t: TestContext,
  newPlace: () => Promise<IdentityPlace>,
  tried: (trial: Trial) => Promise<void>,
): Promise<void> {
  const place = await newPlace();
  const timers: MockTimersOptions = { apis: ["Date"], now: Date.UTC(2026, 0, 1) };
  t.mock.timers.enable(timers);
  const documents: Trial["documents"] = new Map();
  const reads: string[] = [];
  const gone = new Set<string>();
  const refused = new Set<LimitedUse>();
  const ended: string[] = [];
  const accepted: string[] = [];
  const options: IdentityOptions = {
    issuer,
    async send({ url }) {
      reads.push(url);
      return (await documents.get(url)?.()) ?? { kind: "unreachable", message: "no such host" };
    },
    knows: async (id) => !gone.has(id),
    may: async (use) => !refused.has(use),
    ended: async ({ id }, how) => void ended.push(`${id} ${how}`),
    accepted: ({ id, from }, remoteAddress) => void accepted.push(`${id} ${from} from ${remoteAddress}`),
  };
  const another = (other: Partial<IdentityOptions> = {}) => place.open({ ...options, ...other });
  try {
    const identity = await another();
    const pass = (ms: number): void => t.mock.timers.tick(ms);
    const seen = { documents, reads, gone, ended, accepted, refused };
    await tried({ identity, entries: place.entries, another, pass, ...seen });
  } finally {
    t.mock.timers.reset();
    await place.remove();
  }
}

/** A browser or a client: keeps cookies as browsers do, and follows nothing. */
export class Visitor {
  readonly #identity: Identity;
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>();
  readonly setCookies: string[] = [];

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  request(method: string, target: string, form?: Readonly<Record<string, string>>): IdentityRequest {
    const { path } = partsOf(target);
    const cookies = [...this.#cookies].filter(([, it]) => path.startsWith(it.path));
    const cookie = cookies.map(([name, { value }]) => `${name}=${value}`).join("; ");
    const type = form === undefined ? [] : [["content-type", "application/x-www-form-urlencoded"] as const];
    return {
      method,
      target,
      headers: [["accept", "text/html"], ...(cookie === "" ? [] : [["cookie", cookie] as const]), ...type],
      body: Buffer.from(form === undefined ? "" : new URLSearchParams(form).toString()),
      remoteAddress: "192.0.2.7",
    };
  }

  async send(request: IdentityRequest): Promise<IdentityAnswer> {
    const answer = await this.#identity.handle(request);
    for (const line of [answer.headers["set-cookie"] ?? []].flat()) {
      this.setCookies.push(line);
      const [pair = "", ...attributes] = line.split("; ");
      const [name = "", value = ""] = pair.split("=", 2);
      const path = attributes.find((it) => it.startsWith("path="))?.slice(5) ?? "/";
      this.#cookies.set(name, { value, path });
    }
    return answer;
  }

  get(target: string): Promise<IdentityAnswer> {
    return this.send(this.request("GET", target));
  }

  post(target: string, form: Readonly<Record<string, string>>): Promise<IdentityAnswer> {
    return this.send(this.request("POST", target, form));
  }
}

export function pathOf(answer: IdentityAnswer): string {
  const url = new URL(String(answer.headers["location"]), issuer);
  return url.pathname + url.search;
}

export function json(answer: IdentityAnswer): Readonly<Record<string, unknown>> {
  return JSON.parse(answer.body ?? "null") as Record<string, unknown>;
}

export function pageOf<K extends IdentityPage["kind"]>(
  { page }: IdentityAnswer,
  kind: K,
): Extract<IdentityPage, { kind: K }> {
  assert.equal(page?.kind, kind);
  return page as Extract<IdentityPage, { kind: K }>;
}

export async function register(
  identity: Identity,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<IdentityAnswer> {
  const about = {
    client_name: "Fake Client",
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: "none",
    ...metadata,
  };
  return identity.handle({
    method: "POST",
    target: "/oauth/register",
    headers: [["content-type", "application/json"]],
    body: Buffer.from(JSON.stringify(about)),
    remoteAddress: "192.0.2.7",
  });
}

export async function newClient(
  identity: Identity,
  metadata?: Readonly<Record<string, unknown>>,
): Promise<string> {
  const answer = await register(identity, metadata);
  assert.equal(answer.status, 201, answer.body ?? "");
  return String(json(answer)["client_id"]);
}

/** A verifier and its challenge (RFC 7636). */
export function proof(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

export type Ask = {
  readonly clientId: string;
  /** null leaves a parameter out. */
  readonly params?: Readonly<Record<string, string | null>>;
  readonly approval?: Partial<Omit<Approval, "account">>;
};

/** The address that a client sends a browser to. */
export function authorizeTarget(
  clientId: string,
  challenge: string,
  params: Readonly<Record<string, string | null>> = {},
): string {
  const all: Readonly<Record<string, string | null>> = {
    client_id: clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: "S256",
    state: "fake-state",
    scope: scopes.join(" "),
    resource: `${issuer}/mcp`,
    ...params,
  };
  const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null);
  return `/oauth/authorize?${new URLSearchParams(given).toString()}`;
}

/** Sends a browser to be asked. */
export async function beAsked(identity: Identity, target: string) {
  const browser = new Visitor(identity);
  const answer = await browser.get(target);
  assert.equal(answer.status, 303, JSON.stringify(answer));
  const request = browser.request("GET", pathOf(answer));
  const pending = await identity.pending(request);
  assert.ok(pending !== undefined, `not asked, but sent to ${pathOf(answer)}`);
  return { browser, request, pending };
}

/** Approves and answers the query that the client gets. */
export async function approved(
  identity: Identity,
  {
    browser,
    request,
  }: { readonly browser: Visitor; readonly request: IdentityRequest; readonly pending: Pending },
  approval: Partial<Parameters<Identity["approve"]>[1]> = {},
): Promise<URLSearchParams> {
  const { next = "" } = (await identity.approve(request, { account, realm, scopes, ...approval })) ?? {};
  const answer = await browser.get(new URL(next).pathname);
  assert.equal(answer.status, 303, JSON.stringify(answer));
  return new URL(String(answer.headers["location"])).searchParams;
}

export async function newCode(identity: Identity, ask: Ask) {
  const { verifier, challenge } = proof();
  const asked = await beAsked(identity, authorizeTarget(ask.clientId, challenge, ask.params));
  const query = await approved(identity, asked, ask.approval);
  return { code: query.get("code") ?? "", verifier, query };
}

export async function tokenAnswer(
  identity: Identity,
  form: Readonly<Record<string, string>>,
): Promise<IdentityAnswer> {
  return new Visitor(identity).post("/oauth/token", form);
}

export function exchange(
  identity: Identity,
  clientId: string,
  { code, verifier }: { readonly code: string; readonly verifier: string },
  form: Readonly<Record<string, string>> = {},
): Promise<IdentityAnswer> {
  const base = { grant_type: "authorization_code", client_id: clientId, redirect_uri: redirectUri };
  return tokenAnswer(identity, { ...base, code, code_verifier: verifier, ...form });
}

export async function newTokens(identity: Identity, ask: Ask) {
  const answer = await exchange(identity, ask.clientId, await newCode(identity, ask));
  assert.equal(answer.status, 200, answer.body ?? "");
  return tokensOf(answer);
}

export function tokensOf(answer: IdentityAnswer) {
  const tokens = json(answer);
  return {
    access: String(tokens["access_token"]),
    refresh: String(tokens["refresh_token"]),
    scope: String(tokens["scope"]),
    expiresIn: Number(tokens["expires_in"]),
  };
}

export function refreshed(identity: Identity, clientId: string, refresh: string): Promise<IdentityAnswer> {
  return tokenAnswer(identity, { grant_type: "refresh_token", client_id: clientId, refresh_token: refresh });
}

/** The error of an answer that is JSON. */
export function errorOf(answer: IdentityAnswer): readonly [status: number, error: unknown] {
  return [answer.status, json(answer)["error"]];
}
