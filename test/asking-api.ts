import type { Told } from "./captured.ts";

type Whole = {
  readonly method: string;
  readonly target: string;
  readonly route: string;
  readonly status: number;
  readonly request: unknown;
  readonly response: unknown;
  readonly userAgent: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly agoMs: number;
};

/** A request of an API that speaks JSON. */
export type Asking = Pick<Whole, "target"> & Partial<Whole>;

/** The record that is made of it: without a route unless a framework named it. */
export function answeredBy({ request, response, userAgent = "Shop/1.2", headers = [], ...it }: Asking): Told {
  const own = [["User-Agent", userAgent] as const, ...headers];
  return {
    route: null,
    ...it,
    request: { headers: [...own, ...typeOf(request)], ...textOf(request) },
    response: { headers: typeOf(response), ...textOf(response) },
  };
}

function typeOf(body: unknown): readonly (readonly [string, string])[] {
  return body === undefined ? [] : [["Content-Type", "application/json; charset=utf-8"]];
}

function textOf(body: unknown): { readonly text?: string } {
  return body === undefined ? {} : { text: JSON.stringify(body) };
}
