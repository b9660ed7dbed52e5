import type { IncomingMessage } from "node:http";
import { typedPath } from "../../capture/typed-path.ts";

type Routed = IncomingMessage & {
  readonly baseUrl?: unknown;
  readonly route?: { readonly path?: unknown };
};

/** The template that Express, and NestJS on top of it, chose; null when nobody says one. */
export function routeOf(request: IncomingMessage, target: string): string | null {
  const { route, baseUrl } = request as Routed;
  const path = route?.path;
  if (typeof path !== "string") return null;
  const base = typeof baseUrl === "string" ? baseUrl : "";
  return base === "" ? mounted(path, target) : typedPath(base) + (path === "/" ? "" : path);
}

/**
 * Express forgets where a router is mounted once a handler of it has failed. The segments of the target that the template
 * does not speak of are that place.
 */
function mounted(template: string, target: string): string {
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  let missing = slashes(path) - slashes(template);
  if (missing <= 0 || /[*{(]/.test(template)) return template;
  let end = 0;
  for (; missing > 0; missing--) end = path.indexOf("/", end + 1);
  return typedPath(path.slice(0, end)) + (template === "/" ? "" : template);
}

/** One at the end does not count: routers pass over it. */
function slashes(path: string): number {
  let count = 0;
  for (let at = 0; at < path.length - 1; at++) if (path.charCodeAt(at) === slash) count++;
  return count;
}

const slash = 47;
