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
  const [path = ""] = target.split("?", 1);
  const missing = segments(path).length - segments(template).length;
  if (missing <= 0 || /[*{(]/.test(template)) return template;
  return typedPath(`/${segments(path).slice(0, missing).join("/")}`) + template;
}

function segments(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "");
}
