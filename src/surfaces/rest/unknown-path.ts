import { Failure } from "../../kernel/failure.ts";
import type { Operation } from "../../registry/operation.ts";
import { likeness, likenessMin } from "../../registry/near.ts";
import { apiRoot } from "./answer.ts";

/** Why no operation answers: the path is there with another verb, or it is not there and another may be meant. */
export function unknownPath(operations: readonly Operation[], method: string, pathname: string): Failure {
  const parts = partsOf(pathname.slice(apiRoot.length));
  const here = operations.filter((it) => !pathname.endsWith("/") && isAt(partsOf(it.path), parts));
  if (here.length > 0) {
    const allowed = [...new Set(here.flatMap(({ verb }) => (verb === "GET" ? ["GET", "HEAD"] : [verb])))];
    return new Failure("method_not_allowed", `${method} is not possible here.`, {
      allowed,
      hint: here.map((it) => `${it.verb} is ${it.name}`).join("; ") + ".",
    });
  }
  const [near] = operations
    .map((it) => ({ it, likeness: likenessOf(partsOf(it.path), parts) }))
    .filter((candidate) => candidate.likeness >= likenessMin)
    .toSorted((a, b) => b.likeness - a.likeness);
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

function isAt(declared: readonly string[], parts: readonly string[]): boolean {
  return (
    declared.length === parts.length && declared.every((part, i) => part.startsWith(":") || part === parts[i])
  );
}

/** Of the fixed part that is least alike; paths of another length are never near. */
function likenessOf(declared: readonly string[], parts: readonly string[]): number {
  if (declared.length !== parts.length) return 0;
  const fixed = declared.map((part, i) => (part.startsWith(":") ? 1 : likeness(part, parts[i] ?? "")));
  return Math.min(...fixed);
}
