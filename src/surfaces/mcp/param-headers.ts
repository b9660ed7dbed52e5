import { z } from "zod";
import { RpcError, rpcCode, type Params } from "./json-rpc.ts";

/** Arguments that a client repeats as headers, so that what stands in front of a server can route by them. */
export type ParamHeaders = ReadonlyMap<string, string>;

const Schema = z.looseObject({
  properties: z.record(z.string(), z.looseObject({ "x-mcp-header": z.string().optional() })).optional(),
});

/** Of the properties of a tool's input itself: header (without `Mcp-Param-`) by argument. */
export function paramHeadersOf(inputSchema: object): ParamHeaders {
  const { properties = {} } = Schema.parse(inputSchema);
  const declared = Object.entries(properties).map(([name, it]) => [name, it["x-mcp-header"]] as const);
  return new Map(declared.filter((it): it is readonly [string, string] => it[1] !== undefined));
}

/** Says which header does not repeat its argument; undefined when all do. What is no argument needs no header. */
export function disagreeing(
  declared: ParamHeaders,
  values: Params,
  header: (name: string) => string | undefined,
): RpcError | undefined {
  for (const [argument, name] of declared) {
    const value = values[argument];
    if (!isRepeated(value)) continue;
    const said = header(`mcp-param-${name.toLowerCase()}`);
    const read = said === undefined ? undefined : decoded(said);
    if (read !== undefined && equals(read, value)) continue;
    return new RpcError(
      rpcCode.headerMismatch,
      `The header Mcp-Param-${name} does not repeat its argument.`,
      {
        field: `/params/arguments/${argument}`,
        hint: "Send the header with the argument's value, in Base64 as =?base64?...?= where it is no plain ASCII.",
      },
    );
  }
  return undefined;
}

type Repeated = string | number | boolean;

function isRepeated(value: unknown): value is Repeated {
  return ["string", "number", "boolean"].includes(typeof value);
}

function equals(read: string, value: Repeated): boolean {
  return typeof value === "number" && /^-?\d+(\.\d+)?$/.test(read)
    ? Number(read) === value
    : read === String(value);
}

/** undefined when it is marked as Base64 and is none. */
function decoded(value: string): string | undefined {
  const base64 = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (base64 === undefined) return value;
  const bytes = Buffer.from(base64, "base64");
  return bytes.toString("base64") === base64 ? bytes.toString("utf8") : undefined;
}
