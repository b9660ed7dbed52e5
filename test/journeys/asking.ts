import assert from "node:assert/strict";
import type { z } from "zod";
import { textsOf } from "../../src/registry/coerce.ts";
import { pathParameters } from "../../src/registry/field.ts";
import { publicOutput, type Operation } from "../../src/registry/operation.ts";

type Input = Readonly<Record<string, unknown>>;

/** Calls an operation and answers what it gives; fails the test when it is refused. */
export type Ask = <O extends Operation>(it: O, input: Input) => Promise<z.output<O["output"]>>;

export type Answer = { readonly status: number; readonly headers: Headers; readonly json: unknown };

/** Operations of a running server over REST, each answer checked against what the operation promises. */
export function asking(url: string, key: string): Ask {
  return async (it, input) => {
    const { status, json } = await restAnswer({ url, key }, it, input);
    assert.equal(status, 200, `${it.name} answers ${JSON.stringify(json)}`);
    return publicOutput(it).parse(json) as z.output<(typeof it)["output"]>;
  };
}

/** What REST answers to a call, whatever it is. */
export async function restAnswer(
  { url, key }: { readonly url: string; readonly key: string },
  it: Operation,
  input: Input,
): Promise<Answer> {
  const inPath = pathParameters(it.path);
  const path = it.path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(input[name])));
  const others = Object.entries(input).filter(([name]) => !inPath.includes(name));
  const queried = it.verb === "GET" || it.verb === "DELETE";
  const query = new URLSearchParams(
    queried
      ? others.flatMap(([name, value]) => textsOf(value).map((text): [string, string] => [name, text]))
      : [],
  );
  const response = await fetch(`${url}/api/v1${path}?${query.toString()}`, {
    method: it.verb,
    headers: {
      authorization: `Bearer ${key}`,
      ...(!queried && { "content-type": "application/json" }),
    },
    ...(!queried && { body: JSON.stringify(Object.fromEntries(others)) }),
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}
