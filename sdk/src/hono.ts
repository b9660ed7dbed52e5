import { IncomingMessage } from "node:http";
import { causeOf } from "./inbound.ts";
import { noteError, type Cause } from "./observation.ts";

/** What this needs of a context of Hono under `@hono/node-server`. */
type Context = {
  readonly env: unknown;
  readonly error: Error | undefined;
};

/** Counted from the end: the handler comes after all middleware. */
const lastMatched = -1;

/**
 * Tells Sluice the route and the error of each request: `app.use(sluiceRoute(routePath))`, where
 * `routePath` comes from `hono/route`.
 */
export function sluiceRoute<C extends Context>(
  routePath: (context: C, index: number) => string,
): (context: C, next: () => Promise<void>) => Promise<void> {
  return async (context, next) => {
    await next();
    const cause = causeIn(context.env);
    if (cause === undefined) return;
    const template = routePath(context, lastMatched);
    // What nothing but middleware matched is reported as the pattern of that middleware.
    if (!template.endsWith("*")) cause.route = template;
    if (context.error !== undefined) noteError(cause, context.error);
  };
}

/** `@hono/node-server` puts the request of Node there. */
function causeIn(env: unknown): Cause | undefined {
  const isHeld = typeof env === "object" && env !== null && "incoming" in env;
  return isHeld && env.incoming instanceof IncomingMessage ? causeOf(env.incoming) : undefined;
}
