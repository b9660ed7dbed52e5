import { Failure } from "../../kernel/failure.ts";
import type { Operation } from "../../registry/operation.ts";
import { distance } from "../../registry/near.ts";
import { apiRoot } from "./answer.ts";

const editsMax = 2;

/** Why no operation answers: the path is there with another verb, or it is not there and another may be meant. */
export function unknownPath(operations: readonly Operation[], method: string, pathname: string): Failure {
  const parts = partsOf(pathname.slice(apiRoot.length));
  const here = operations.filter((it) => !pathname.endsWith("/") && edits(partsOf(it.path), parts) === 0);
  if (here.length > 0) {
    const allowed = [...new Set(here.flatMap(({ verb }) => (verb === "GET" ? ["GET", "HEAD"] : [verb])))];
    return new Failure("method_not_allowed", `${method} is not possible here.`, {
      allowed,
      hint: here.map((it) => `${it.verb} is ${it.name}`).join("; ") + ".",
    });
  }
  const [near] = operations
    .map((it) => ({ it, edits: edits(partsOf(it.path), parts) }))
    .filter((candidate) => candidate.edits <= editsMax)
    .toSorted((a, b) => a.edits - b.edits);
  const meant = near === undefined ? "" : `Did you mean ${near.it.verb} ${addressOf(near.it)}? `;
  return new Failure("not_found", "There is no such path in this API.", {
    hint: `${meant}/openapi.json lists every path.`,
  });
}

/** `/api/v1/endpoints/{endpointId}`. */
export function addressOf({ path }: Pick<Operation, "path">): string {
  return `${apiRoot}${path.replaceAll(/:(\w+)/g, "{$1}")}`;
}

function partsOf(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "");
}

/** How many letters the fixed parts of a declared path differ in; paths of another length are never near. */
function edits(declared: readonly string[], parts: readonly string[]): number {
  if (declared.length !== parts.length) return editsMax + 1;
  return declared.reduce(
    (sum, part, i) => sum + (part.startsWith(":") ? 0 : distance(part, parts[i] ?? "")),
    0,
  );
}
