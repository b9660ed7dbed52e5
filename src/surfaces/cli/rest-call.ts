import { textsOf } from "../../registry/coerce.ts";
import { pathParameters } from "../../registry/field.ts";
import type { Operation } from "../../registry/operation.ts";
import { pathPart, type Input } from "./command-input.ts";

export type RestCall = { readonly method: string; readonly path: string; readonly body: object | undefined };

/** The REST call that an operation with this input is: path, query for GET and DELETE, JSON body otherwise. */
export function restCall(it: Operation, input: Input): RestCall {
  const own = new Set(pathParameters(it.path));
  const path = `/api/v1${it.path.replaceAll(/:(\w+)/g, (_, name: string) => pathPart(it, name, input))}`;
  const rest = [...input].filter(([name]) => !own.has(name));
  if (it.verb !== "GET" && it.verb !== "DELETE")
    return { method: it.verb, path, body: Object.fromEntries(rest) };
  const query = new URLSearchParams(
    rest.flatMap(([name, value]) => textsOf(value).map((text): [string, string] => [name, text])),
  );
  return { method: it.verb, path: query.size > 0 ? `${path}?${query.toString()}` : path, body: undefined };
}
