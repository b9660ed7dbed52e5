import type { RawRequest } from "../../engines/inbound/inbound.ts";
import { Failure } from "../../kernel/failure.ts";
import type { Principal } from "../../kernel/principal.ts";
import { quoted } from "../../kernel/quoted.ts";
import { partsOf } from "../../kernel/target.ts";
import { nearNames } from "../../registry/near.ts";
import type { Narrowing } from "./view.ts";

/** Asks that narrow what other servers show. They are not served here, and one that is ignored widens what was meant. */
const unserved = ["x-mcp-tools", "x-mcp-exclude-tools"];
const selectors = [
  "?readonly=true",
  "X-MCP-Readonly: true",
  "?toolsets=<names>",
  "X-MCP-Toolsets: <names>",
  "?workspace=<id>",
  "X-MCP-Workspace: <id>",
] as const;
const toolsetsTextMax = 500;

const nothingAsked: Narrowing = { readOnly: false, toolsets: null, workspace: null };

/** What of a request says what it asks for. */
type Asking = Pick<RawRequest, "target" | "header">;

/** What there is to choose from. */
export type Choice = {
  readonly toolsets: readonly string[];
  readonly workspaces: Principal["workspaces"];
};

/**
 * What a request asks to be narrowed to: by `?readonly=true`, `?toolsets=a,b` and `?workspace=id`, or `X-MCP-Readonly`,
 * `X-MCP-Toolsets` and `X-MCP-Workspace`. Of several asks the narrowest holds. `toolsets=all` shows all that the scopes allow.
 *
 * @throws Failure invalid for any other selector or value; the same for a workspace of others as for one that never was
 */
export function narrowingOf(request: Asking, choice: Choice): Narrowing {
  const asks = [...queryAsks(request.target), ...headerAsks(request)];
  const ignored = unserved.find((name) => request.header(name) !== undefined);
  if (ignored !== undefined) throw unknown(`The header ${ignored} is not served here.`);
  return asks
    .map(({ name, value }) => ({ ...nothingAsked, ...meant[name](value, choice) }))
    .reduce(narrower, nothingAsked);
}

/**
 * What both ask for: reads only when either does, the toolsets that both name, and the workspace that either does.
 *
 * @throws Failure invalid when they ask for different workspaces
 */
export function narrower(one: Narrowing, other: Narrowing): Narrowing {
  return {
    readOnly: one.readOnly || other.readOnly,
    toolsets: fewer(one.toolsets, other.toolsets),
    workspace: theOne(one.workspace, other.workspace),
  };
}

/** Who asks, with no workspace but the one that the connection is narrowed to. */
export function narrowed(principal: Principal, { workspace }: Narrowing): Principal {
  if (workspace === null) return principal;
  return { ...principal, workspaces: new Map([...principal.workspaces].filter(([id]) => id === workspace)) };
}

function fewer(one: Narrowing["toolsets"], other: Narrowing["toolsets"]): Narrowing["toolsets"] {
  if (one === null || other === null) return one ?? other;
  if (one === "all") return other;
  return other === "all" ? one : one.filter((name) => other.includes(name));
}

function theOne(one: string | null, other: string | null): string | null {
  if (one === null || other === null || one === other) return one ?? other;
  throw new Failure("invalid", "A connection is narrowed to one workspace, and this one asks for two.", {
    hint: "Say ?workspace= or X-MCP-Workspace once.",
  });
}

const meant = {
  readonly: (value: string) => ({ readOnly: truth(value) }),
  toolsets: (value: string, { toolsets }: Choice) => ({ toolsets: named(value, toolsets) }),
  workspace: (value: string, { workspaces }: Choice) => ({ workspace: ownOne(value, workspaces) }),
} as const satisfies Record<string, (value: string, choice: Choice) => Partial<Narrowing>>;

type Ask = { readonly name: keyof typeof meant; readonly value: string };

/** `sessionId` belongs to the transport of 2024-11-05, which names its session so. */
function queryAsks(target: string): readonly Ask[] {
  return [...new URLSearchParams(partsOf(target).query)].flatMap(([name, value]): Ask[] => {
    if (name === "sessionId") return [];
    if (name === "readonly" || name === "toolsets" || name === "workspace") return [{ name, value }];
    throw unknown(`The query selector ${quoted(name)} is not served here.`);
  });
}

function headerAsks(request: Asking): readonly Ask[] {
  const readonly = request.header("x-mcp-readonly");
  const toolsets = request.header("x-mcp-toolsets");
  const workspace = request.header("x-mcp-workspace");
  return [
    ...(readonly === undefined ? [] : [{ name: "readonly", value: readonly.trim().toLowerCase() } as const]),
    ...(toolsets === undefined ? [] : [{ name: "toolsets", value: toolsets } as const]),
    ...(workspace === undefined ? [] : [{ name: "workspace", value: workspace.trim() } as const]),
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

function ownOne(value: string, own: Principal["workspaces"]): string {
  if (own.has(value)) return value;
  throw new Failure("invalid", `You have no workspace ${quoted(value)}.`, {
    allowed: [...own.keys()],
    hint: "Use the id of one of yours, or leave it out.",
  });
}

function unknown(message: string): Failure {
  return new Failure("invalid", message, {
    allowed: selectors,
    hint: "Narrowing goes by readonly, toolsets and workspace, and by the scopes of the credential.",
  });
}
