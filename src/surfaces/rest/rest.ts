import { Hono } from "hono";
import { Failure } from "../../kernel/failure.ts";
import { refuseTooMany, type CallRate } from "../../registry/call-rate.ts";
import type { Progress } from "../../registry/context.ts";
import { scopeChallenge, scopeToGrant, signInChallenge } from "../../registry/challenge.ts";
import { credentialWatch, type Watch } from "../../registry/credential-watch.ts";
import { credentialsOf, type Authenticate, type Credentials } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import { invoke } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";
import { whileHeld } from "../../registry/while-held.ts";
import { answered, apiRoot, type Answer, type Asked } from "./answer.ts";
import { entityTag, isNamed } from "./entity-tag.ts";
import { rateHeaders } from "./rate-headers.ts";
import { progressing, wantsProgress } from "./progressing.ts";
import { rawInput } from "./raw-input.ts";
import { unknownPath } from "./unknown-path.ts";

export type Rest = {
  readonly operations: readonly Operation[];
  readonly engines: Engines;
  readonly authenticate: Authenticate;
  /** Over calls that are under way; by `authenticate` unless given. */
  readonly watch?: Watch;
  /** How often one credential may call; absent = as often as it likes. */
  readonly rate?: CallRate | undefined;
};

/** The User-Agent that the command line sends: its calls are audited as its own. */
const cliAgent = /^sluice-cli\//;

/**
 * Every operation under `/api/v1`: the path's parameters and the query or the JSON body are its input, its output is
 * the answer, and failures are problem details (RFC 9457).
 */
export function restApp(rest: Rest): Hono {
  const { operations, engines, authenticate } = rest;
  const watch = rest.watch ?? credentialWatch(authenticate, engines);
  const app = new Hono();
  for (const it of fixedPathsFirst(operations))
    app.on(it.verb, `${apiRoot}${it.path}`, (c) =>
      reporting(it, c.req.raw, engines, (progress) =>
        answered(c.req.raw, engines.log, (asked) =>
          challenging(
            it,
            { ...rest, watch },
            { ...asked, request: c.req.raw, path: c.req.param(), from: c.env, progress },
          ),
        ),
      ),
    );
  app.all(`${apiRoot}/*`, (c) =>
    answered(c.req.raw, engines.log, () => {
      throw unknownPath(operations, c.req.method, new URL(c.req.url).pathname);
    }),
  );
  return app;
}

type Called = Asked & {
  readonly request: Request;
  readonly path: Readonly<Record<string, string>>;
  /** What the listener says of the connection. */
  readonly from: unknown;
  readonly progress: Progress | undefined;
};

/** What acts tells on the way how far it is, to whoever asks for that. */
function reporting(
  it: Operation,
  request: Request,
  { clock }: Engines,
  run: (progress?: Progress) => Promise<Response>,
): Promise<Response> {
  if (it.effect !== "act" || !wantsProgress(request)) return run();
  return progressing(run, () => clock.now());
}

type Principal = Awaited<ReturnType<Authenticate>>;
type Watched = Rest & { readonly watch: Watch };

/** Tells whoever is refused how to sign in, or which scope to have granted. */
async function challenging(it: Operation, rest: Watched, called: Called): Promise<Answer> {
  const { request, from, told } = called;
  const { publicUrl } = rest.engines.settings;
  const credentials = credentialsOf((name) => request.headers.get(name) ?? undefined, {
    method: request.method,
    resource: apiRoot,
    remoteAddress: remoteAddressIn(from),
  });
  let principal: Principal | undefined;
  try {
    principal = await rest.authenticate(credentials);
    return await carryOut(it, rest, { ...called, credentials, principal });
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const scope = principal === undefined ? undefined : scopeToGrant(failure, principal);
    const challenge =
      scope === undefined
        ? signInChallenge(failure, credentials, publicUrl)
        : scopeChallenge(scope, apiRoot, publicUrl);
    if (challenge !== undefined) told["www-authenticate"] = challenge;
    throw failure;
  }
}

type Authenticated = Called & { readonly credentials: Credentials; readonly principal: Principal };

async function carryOut(
  it: Operation,
  rest: Watched,
  { request, path, requestId, told, credentials, principal, progress }: Authenticated,
): Promise<Answer> {
  const { headers } = request;
  if (rest.rate !== undefined) {
    const standing = await rest.rate.take(principal);
    const now = rest.engines.clock.now();
    Object.assign(told, rateHeaders(rest.rate, standing, now));
    refuseTooMany(standing, rest.rate, now);
  }
  const input = await rawInput(it, path, request);
  const about = {
    principal,
    surface: cliAgent.test(credentials.client ?? "") ? ("cli" as const) : ("rest" as const),
    requestId,
    idempotencyKey: headers.get("idempotency-key"),
    readOnly: false,
    ...(progress !== undefined && { progress }),
  };
  const ends = { watch: rest.watch, credentials, caller: request };
  const output = await whileHeld(ends, ({ signal }) => invoke(it, input, { ...about, signal }, rest.engines));
  const text = JSON.stringify(output);
  const tag = entityTag(it, output, text);
  if (tag === undefined) return { text, headers: {} };
  const known = headers.get("if-none-match");
  return { text: known !== null && isNamed(tag, known) ? null : text, headers: { etag: tag } };
}

/** "" when the app is asked without a listener. */
function remoteAddressIn(from: unknown): string {
  const known = typeof from === "object" && from !== null && "remoteAddress" in from;
  return known && typeof from.remoteAddress === "string" ? from.remoteAddress : "";
}

/** `/endpoints/stats` must not be taken for `/endpoints/:endpointId`. */
function fixedPathsFirst(operations: readonly Operation[]): readonly Operation[] {
  return operations.toSorted((a, b) => {
    const [first, second] = [rank(a), rank(b)];
    return first === second ? 0 : first < second ? -1 : 1;
  });
}

function rank({ path }: Operation): string {
  return path.replaceAll(/:\w+/g, "\uffff");
}
