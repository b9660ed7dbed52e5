import assert from "node:assert/strict";
import { z } from "zod";
import { Failure, kinds, type FailureKind } from "../src/kernel/failure.ts";
import type { Principal } from "../src/kernel/principal.ts";
import { textsOf } from "../src/registry/coerce.ts";
import type { Engines } from "../src/registry/engines.ts";
import { fieldsOf, pathParameters } from "../src/registry/field.ts";
import { invoke, type Output } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";
import { runCli, type Call } from "../src/surfaces/cli/cli.ts";
import { mcpRoute } from "../src/surfaces/mcp/mcp-route.ts";
import { restApp } from "../src/surfaces/rest/rest.ts";
import { callerOf } from "./world.ts";

/** One operation, reached as one principal. */
export type Reach = {
  readonly it: Operation;
  readonly engines: Engines;
  readonly principal: Principal;
};

export type Outcome =
  | { readonly gives: Output }
  | { readonly fails: { readonly kind: FailureKind; readonly pointer: string | undefined } };

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
    if (error instanceof Failure) return { fails: { kind: error.kind, pointer: error.detail.pointer } };
    throw error;
  }
}

async function rest(reach: Reach, input: Output): Promise<Outcome> {
  const { it } = reach;
  const own = pathParameters(it.path);
  for (const name of own) assert.ok(input[name], `without ${name} this is another path: test it elsewhere`);
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

/** What the command line is handed instead of a socket: the REST app itself. */
export function restCalls({ it, engines, principal }: Reach, operations: readonly Operation[] = [it]): Call {
  const app = restApp({ operations, engines, authenticate: async () => principal });
  return async (method, path, body, headers = {}) => {
    const response = await app.request(path, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
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
  return { fails: { kind: problem.code, pointer: problem.pointer } };
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

async function mcp({ it, engines, principal }: Reach, input: Output): Promise<Outcome> {
  const route = mcpRoute({
    operations: [it],
    documents: [],
    prompts: [],
    engines,
    authenticate: async () => principal,
    enabled: true,
    serverInfo: { name: "sluice", title: "Sluice", version: "0.0.0" },
  });
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
  const { result, error } = Reply.parse(JSON.parse(String(answer.body)));
  if (result?.structuredContent !== undefined) return { gives: result.structuredContent };
  if (result !== undefined) return { fails: failureOf(JSON.parse(result.content[0]?.text ?? "")) };
  // No tool of this name: the protocol's error, which is its word for invalid.
  assert.equal(error?.code, -32_602);
  return { fails: { kind: "invalid", pointer: undefined } };
}

const Members = z.record(z.string(), z.unknown());
const Kind = z.enum(Object.keys(kinds) as [FailureKind, ...FailureKind[]]);
const Problem = z.looseObject({ code: Kind, pointer: z.string().optional() });
const Reply = z.object({
  result: z
    .object({ structuredContent: Members.optional(), content: z.array(z.object({ text: z.string() })) })
    .optional(),
  error: z.object({ code: z.int() }).optional(),
});

function problemOf(json: unknown, status: number): { kind: FailureKind; pointer: string | undefined } {
  const { code, pointer } = Problem.parse(json);
  assert.equal(kinds[code].status, status);
  return { kind: code, pointer };
}

function failureOf(json: unknown): { kind: FailureKind; pointer: string | undefined } {
  const { code, field } = z.object({ code: Kind, field: z.string().optional() }).parse(json);
  return { kind: code, pointer: field };
}
