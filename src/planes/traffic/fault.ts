import { hash } from "node:crypto";
import type { Condition } from "../../engines/ledger/ledger.ts";
import type { Exchange } from "../../kernel/exchange.ts";
import { typedPath } from "../../../capture/typed-path.ts";
import { pathOf } from "./seen.ts";

/** Answers of 400 and up, and requests that were not answered for a fault of their own. */
export const faulty: Condition = {
  any: [
    { field: "status", atLeast: 400 },
    { field: "outcome", is: ["failed"] },
  ],
};

/** What errors have in common that are the same error. */
export function fingerprintOf({ method, path, route, status, error, outcome }: Exchange): string {
  const where = routeOf({ path, route });
  return hash("sha256", JSON.stringify([method, where, status, outcome, error])).slice(0, 12);
}

/** The template that a request belongs to. */
export function routeOf({ path, route }: Pick<Exchange, "path" | "route">): string {
  return route === "" ? typedPath(pathOf(path)) : route;
}
