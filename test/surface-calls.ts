import assert from "node:assert/strict";
import { z } from "zod";
import type { RawRoute } from "../src/engines/inbound/inbound.ts";
import { Failure, kinds, type FailureKind } from "../src/kernel/failure.ts";
import type { Principal } from "../src/kernel/principal.ts";
import { textsOf } from "../src/registry/coerce.ts";
import type { Engines } from "../src/registry/engines.ts";
import { fieldsOf, pathParameters } from "../src/registry/field.ts";
import { invoke, type Output } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";
import type { Call } from "../src/surfaces/cli/call.ts";
import { runCli } from "../src/surfaces/cli/cli.ts";
import { sharedBy, statelessRoute } from "../src/surfaces/mcp/mcp-route.ts";
import { restApp } from "../src/surfaces/rest/rest.ts";
import { callerOf } from "./world.ts";

/** One operation, reached as one principal. */
export type Reach = {
  readonly it: Operation;
  readonly engines: Engines;
  readonly principal: Principal;
};

export type Outcome = { readonly gives: Output } | { readonly fails: Refusal };

export type Refusal = {
  readonly kind: FailureKind;
  readonly pointer: string | undefined;
  readonly message: string;
};

export type SurfaceName = "direct" | "rest" | "cli" | "mcp";

/** A new surface is one line here: every scenario then runs over it. */
export const surfaces: Readonly<Record<SurfaceName, (reach: Reach, input: Output) => Promise<Outcome>>> = {
  direct,
  rest,
  cli,
  mcp,
};

async function direct({ it, engines, principal }: Reach, input: Output): Promise<Outcome> {
  try {
    return { gives: await invoke(it, input, callerOf(principal), engines) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { fails: { kind: error.kind, pointer: error.detail.pointer, message: error.message } };
  }
}

async function rest(reach: Reach, input: Output): Promise<Outcome> {
  const { it } = reach;
  const own = pathParameters(it.path);
  for (const name of own)
    assert.ok((input[name] ?? "") !== "", `without ${name} this is another path: test it elsewhere`);
  const path = it.path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(input[name])));
  const others = Object.entries(input).filter(([name]) => !own.includes(name));
  const queried = it.verb === "GET" || it.verb === "DELETE";
  const query = new URLSearchParams(
    queried
      ? others.flatMap(([name, value]) => textsOf(value).map((text): [string, string] => [name, text]))
      : [],
  );
  const body = queried ? undefined : Object.fromEntries(others);
  const { status, json } = await restCalls(reach)(it.verb, `/api/v1${path}?${query.toString()}`, body);
  return status === 200 ? { gives: Members.parse(json) } : { fails: problemOf(json, status) };
}

/** Made once for all calls of one reach: to make them costs more than a call. */
const apps = new WeakMap<Reach, ReturnType<typeof restApp>>();
const routes = new WeakMap<Reach, RawRoute>();

function madeOnce<T>(made: WeakMap<Reach, T>, reach: Reach, make: () => T): T {
  const known = made.get(reach) ?? make();
  made.set(reach, known);
  return known;
}

/** What the command line is handed instead of a socket: the REST app itself. */
export function restCalls(reach: Reach, operations: readonly Operation[] = [reach.it]): Call {
  const { engines, principal } = reach;
  const app = madeOnce(apps, reach, () =>
    restApp({ operations, engines, authenticate: async () => principal }),
  );
  return async (method, path, body, headers = {}) => {
    const response = await app.request(path, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const type = response.status === 200 ? "application/json" : "application/problem+json";
    assert.equal(response.headers.get("content-type"), type);
    return { status: response.status, json: await response.json() };
  };
}

async function cli(reach: Reach, input: Output): Promise<Outcome> {
  const printed: string[] = [];
  const complained: string[] = [];
  const exitCode = await runCli({
    argv: [...argvOf(reach.it, input), "--json", "--yes"],
    operations: [reach.it],
    builtins: [],
    version: "0.0.0",
    call: restCalls(reach),
    print: (text) => void printed.push(text),
    printError: (text) => void complained.push(text),
    readInput: (path) => assert.fail(`nothing is read from ${path}`),
  });
  if (exitCode === 0) return { gives: Members.parse(JSON.parse(printed.join("\n"))) };
  assert.deepEqual(printed, [], "a command that fails prints nothing but errors");
  const problem = Problem.parse(JSON.parse(complained.join("\n")));
  assert.equal(exitCode, kinds[problem.code].exitCode);
  return { fails: { kind: problem.code, pointer: problem.pointer, message: problem.detail } };
}

/** Flags where the operation has a field of that name, `--input` for the rest. */
function argvOf(it: Operation, input: Output): readonly string[] {
  const fields = new Map(fieldsOf(it).map((field) => [field.name, field]));
  const flags = Object.entries(input).filter(([name]) => fields.has(name));
  const unknown = Object.entries(input).filter(([name]) => !fields.has(name));
  return [
    it.name.replaceAll("_", "-"),
    ...(unknown.length > 0 ? ["--input", JSON.stringify(Object.fromEntries(unknown))] : []),
    ...flags.flatMap(([name, value]) => textsOf(value).map((text) => `--${kebab(name)}=${text}`)),
  ];
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

async function mcp(reach: Reach, input: Output): Promise<Outcome> {
  const { it, engines, principal } = reach;
  const route = madeOnce(routes, reach, () =>
    statelessRoute(
      sharedBy({
        operations: [it],
        documents: [],
        prompts: [],
        toolsets: { names: ["all"], of: () => "all", everyView: new Set() },
        engines,
        authenticate: async () => principal,
        enabled: true,
        serverInfo: { name: "sluice", title: "Sluice", version: "0.0.0" },
      }),
    ),
  );
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: it.name, arguments: input } };
  const answer = await route.handle({
    method: "POST",
    target: "/api/mcp",
    headers: [],
    header: (name) => (name === "content-type" ? "application/json" : undefined),
    remoteAddress: "127.0.0.1",
    receivedAt: engines.clock.now(),
    signal: new AbortController().signal,
    body: async () => ({ kind: "whole", bytes: Buffer.from(JSON.stringify(call)) }),
  });
  assert.ok("body" in answer);
  const { result, error } = Reply.parse(JSON.parse(String(answer.body)));
  if (result?.structuredContent !== undefined) return { gives: result.structuredContent };
  if (result !== undefined) {
    assert.equal(result.isError, true);
    return { fails: failureOf(JSON.parse(result.content[0]?.text ?? "")) };
  }
  // No tool of this name: the protocol's error, which is its word for invalid.
  assert.equal(error?.code, -32_602);
  return { fails: { kind: "invalid", pointer: undefined, message: error.message } };
}

const Members = z.record(z.string(), z.unknown());
const Kind = z.enum(Object.keys(kinds) as [FailureKind, ...FailureKind[]]);
/** One line that says what is wrong, short enough to read. */
const Message = z
  .string()
  .regex(/^[^\n]{5,}$/)
  .max(1_000);
/** RFC 9457 as this API writes it. */
const Problem = z.looseObject({
  type: z.templateLiteral(["urn:sluice:problem:", z.string()]),
  title: z.string().min(1),
  status: z.int(),
  detail: Message,
  code: Kind,
  requestId: z.string().min(1),
  pointer: z.string().optional(),
});
const Explained = z.looseObject({
  code: Kind,
  message: Message,
  hint: z.string().min(1),
  requestId: z.string().min(1),
  field: z.string().optional(),
});
const Reply = z.object({
  result: z
    .object({
      structuredContent: Members.optional(),
      content: z.array(z.object({ text: z.string() })),
      isError: z.boolean().optional(),
    })
    .optional(),
  error: z.object({ code: z.int(), message: z.string() }).optional(),
});

function problemOf(json: unknown, answered: number): Refusal {
  const { code, status, type, pointer, detail } = Problem.parse(json);
  assert.deepEqual([status, answered], [kinds[code].status, kinds[code].status]);
  assert.equal(type, `urn:sluice:problem:${code}`);
  return { kind: code, pointer, message: detail };
}

function failureOf(json: unknown): Refusal {
  const { code, field, message } = Explained.parse(json);
  return { kind: code, pointer: field, message };
}
