import type { RawRequest } from "../../engines/inbound/inbound.ts";
import { Failure } from "../../kernel/failure.ts";
import { quoted } from "../../kernel/quoted.ts";
import { nearNames } from "../../registry/near.ts";
import type { Narrowing } from "./view.ts";

/** Asks that narrow what other servers show. They are not served here, and one that is ignored widens what was meant. */
const unserved = ["x-mcp-tools", "x-mcp-exclude-tools"];
const selectors = [
  "?readonly=true",
  "X-MCP-Readonly: true",
  "?toolsets=<names>",
  "X-MCP-Toolsets: <names>",
] as const;
const toolsetsTextMax = 500;

const nothingAsked: Narrowing = { readOnly: false, toolsets: null };

/**
 * What a request asks to be narrowed to: by `?readonly=true` and `?toolsets=a,b`, or `X-MCP-Readonly` and
 * `X-MCP-Toolsets`. Of several asks the narrowest holds. `toolsets=all` shows all that the scopes allow.
 *
 * @throws Failure invalid for any other selector or value
 */
export function narrowingOf(request: RawRequest, toolsets: readonly string[]): Narrowing {
  const asks = [...queryAsks(request.target), ...headerAsks(request)];
  const ignored = unserved.find((name) => request.header(name) !== undefined);
  if (ignored !== undefined) throw unknown(`The header ${ignored} is not served here.`);
  return asks
    .map(({ name, value }): Narrowing =>
      name === "readonly"
        ? { readOnly: truth(value), toolsets: null }
        : { readOnly: false, toolsets: named(value, toolsets) },
    )
    .reduce(narrower, nothingAsked);
}

/** What both ask for: reads only when either does, and the toolsets that both name. */
export function narrower(one: Narrowing, other: Narrowing): Narrowing {
  return {
    readOnly: one.readOnly || other.readOnly,
    toolsets: fewer(one.toolsets, other.toolsets),
  };
}

function fewer(one: Narrowing["toolsets"], other: Narrowing["toolsets"]): Narrowing["toolsets"] {
  if (one === null || other === null) return one ?? other;
  if (one === "all") return other;
  return other === "all" ? one : one.filter((name) => other.includes(name));
}

type Ask = { readonly name: "readonly" | "toolsets"; readonly value: string };

/** `sessionId` belongs to the transport of 2024-11-05, which names its session so. */
function queryAsks(target: string): readonly Ask[] {
  const question = target.indexOf("?");
  if (question < 0) return [];
  return [...new URLSearchParams(target.slice(question + 1))].flatMap(([name, value]): Ask[] => {
    if (name === "sessionId") return [];
    if (name === "readonly" || name === "toolsets") return [{ name, value }];
    throw unknown(`The query selector ${quoted(name)} is not served here.`);
  });
}

function headerAsks(request: RawRequest): readonly Ask[] {
  const readonly = request.header("x-mcp-readonly");
  const toolsets = request.header("x-mcp-toolsets");
  return [
    ...(readonly === undefined ? [] : [{ name: "readonly", value: readonly.trim().toLowerCase() } as const]),
    ...(toolsets === undefined ? [] : [{ name: "toolsets", value: toolsets } as const]),
  ];
}

function truth(value: string): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw new Failure("invalid", `readonly cannot be ${quoted(value)}.`, {
    allowed: ["true", "false"],
    hint: "Use ?readonly=true or X-MCP-Readonly: true, or leave it out.",
  });
}

function named(value: string, known: readonly string[]): readonly string[] | "all" {
  const names = value
    .slice(0, toolsetsTextMax)
    .split(",")
    .map((name) => name.trim());
  const wrong = names.find((name) => name !== "all" && !known.includes(name));
  if (wrong === undefined) return names.includes("all") ? "all" : [...new Set(names)];
  const [near] = nearNames(wrong, known);
  throw new Failure("invalid", `There is no toolset ${quoted(wrong)}.`, {
    allowed: [...known, "all"],
    hint: near === undefined ? "Name some of those, separated by commas." : `Did you mean ${near}?`,
  });
}

function unknown(message: string): Failure {
  return new Failure("invalid", message, {
    allowed: selectors,
    hint: "Narrowing goes by readonly and toolsets, and by the scopes of the credential.",
  });
}
