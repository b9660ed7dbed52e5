import type { Exchange } from "../../../kernel/exchange.ts";
import { typedPath } from "../../../../capture/typed-path.ts";
import { pathOf } from "../seen.ts";
import type { Lesson } from "./learning.ts";
import type { Observation } from "./observation.ts";
import { isOf, isTelling, outlineOf } from "./outline.ts";
import { apartMax } from "./route-template.ts";
import type { Shape } from "./shape.ts";
import { joinedRoutes, type RouteOrigin, type SeenRoute } from "./seen-route.ts";
import { unknownParameter, type Templates } from "./templates.ts";

export function keyOf({ method, template }: Pick<SeenRoute, "method" | "template">): string {
  return `${method} ${template}`;
}

/**
 * Routes as these templates have them: those that became one are one, and what is left of a template that is no longer is
 * gone, as nobody knows which part of it belongs where.
 */
export function arranged(routes: Iterable<SeenRoute>, templates: Templates): Map<string, SeenRoute> {
  const next = new Map<string, SeenRoute>();
  for (const route of routes) {
    const again = placedAgain(route, templates);
    if (again === undefined) continue;
    const known = next.get(keyOf(again));
    next.set(keyOf(again), known === undefined ? again : joinedRoutes(known, again));
  }
  return next;
}

function placedAgain(route: SeenRoute, templates: Templates): SeenRoute | undefined {
  if (route.from === "framework") return route;
  if (unknownParameter(route.template, templates) !== undefined) return undefined;
  const { template, from } = templates.place(route.template);
  return template === route.template && from === route.from ? route : { ...route, template, from };
}

/** Where an exchange belongs. */
export type PlacedExchange = {
  readonly template: string;
  readonly from: RouteOrigin;
  /** A route is made of it where there is none: paths that only scanners asked for are none. */
  readonly opens: boolean;
};

export function placed({ route, path, status }: Exchange, templates: Templates): PlacedExchange {
  // Some frameworks name what took the request when nothing did.
  const named = route !== "" && !(status === 404 && route.endsWith("*"));
  if (named) return { template: route, from: "framework", opens: true };
  const it = templates.place(typedPath(pathOf(path)));
  return { ...it, opens: status !== null && status < 400 };
}

/**
 * What an exchange tells of the learned parameter that its path ends with, when it was answered nothing like the others: that
 * its name is something of its own there.
 */
export function strayFrom(
  route: SeenRoute,
  { path }: Pick<Exchange, "path">,
  { status, response }: Pick<Observation, "status" | "response">,
  templates: Templates,
): Lesson | undefined {
  const known = new Map(Object.entries(route.answers)).get(status)?.shape;
  const isWell = route.from === "learned" && status.startsWith("2");
  if (!isWell || !response?.shape || !known || isAlike(response.shape, known)) return undefined;
  const name = lastOf(typedPath(pathOf(path)));
  const it = templates.after(route.template.split("/").slice(0, -1));
  if (it?.state !== "learned" || name.startsWith("{") || it.unlike.length >= apartMax) return undefined;
  const { template, unlike, kinds } = it;
  return { template, kinds, unlike: [...unlike, name] };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Also where too little is told by either. */
function isAlike(one: Shape, others: Shape): boolean {
  const [own, all] = [outlineOf(one), outlineOf(others)];
  return !isTelling(own) || !isTelling(all) || isOf(own, all);
}
