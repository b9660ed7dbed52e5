import type { IncomingMessage } from "node:http";
import { causeOf } from "./inbound.ts";
import { noteError } from "./observation.ts";

/** What this needs of a context of Koa; `@koa/router` names the template it chose in `_matchedRoute`. */
type Context = { readonly req: IncomingMessage };

/** Tells Sluice the route and the error of each request. Put it first: `app.use(sluiceRoute)`. */
export async function sluiceRoute(context: Context, next: () => Promise<unknown>): Promise<void> {
  try {
    await next();
  } catch (error) {
    const cause = causeOf(context.req);
    if (cause !== undefined) noteError(cause, error);
    throw error;
  } finally {
    const cause = causeOf(context.req);
    const template = Reflect.get(context, "_matchedRoute") as unknown;
    if (cause !== undefined && typeof template === "string") cause.route = template;
  }
}
