import { Hono } from "hono";
import { refuseTooMany, type CallRate } from "../../registry/call-rate.ts";
import { credentialWatch, type Watch } from "../../registry/credential-watch.ts";
import type { Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import { invoke, type Caller } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";
import { whileHeld } from "../../registry/while-held.ts";
import { admitted, type Guest } from "./admitted.ts";
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
          admit(
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
  readonly progress: Caller["progress"];
};

/** What acts tells on the way how far it is, to whoever asks for that. */
function reporting(
  it: Operation,
  request: Request,
  { clock }: Engines,
  run: (progress?: Caller["progress"]) => Promise<Response>,
): Promise<Response> {
  if (it.effect !== "act" || !wantsProgress(request)) return run();
  return progressing(run, () => clock.now());
}

type Watched = Rest & { readonly watch: Watch };

function admit(it: Operation, rest: Watched, called: Called): Promise<Answer> {
  return admitted(rest, called, (guest) => carryOut(it, rest, { ...called, ...guest }));
}

async function carryOut(
  it: Operation,
  rest: Watched,
  { request, path, requestId, told, credentials, principal, progress }: Called & Guest,
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
