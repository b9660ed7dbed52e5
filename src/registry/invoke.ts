import { z } from "zod";
import type { Outbound } from "../engines/outbound/outbound.ts";
import type { EntryChange } from "../engines/store/store.ts";
import { Failure } from "../kernel/failure.ts";
import { newId } from "../kernel/id.ts";
import { heldScopes, may, type Principal, type Scope } from "../kernel/principal.ts";
import { fingerprint } from "../kernel/secret.ts";
import type { Context, Progress, SurfaceName } from "./context.ts";
import type { Engines } from "./engines.ts";
import { publicInput, publicOutput, type Act, type Change, type Operation, type Read } from "./operation.ts";
import { parseInput } from "./parse.ts";
import { fieldsInput, refuseUnknownFields, rowsOf, withFields } from "./row-fields.ts";
import { unitOfWork, type Unit } from "./unit.ts";
import { selfHosted, serverScope, workspace as workspaceResource, type Plan } from "./workspace.ts";

/** Who calls and how the call reached us: for the audit, for cancelling, and to make a repeated call harmless. */
export type Caller = {
  readonly principal: Principal;
  readonly surface: SurfaceName;
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** Chosen by the caller, at most 200 characters: the same key with the same input answers as the first time, for 24 h. */
  readonly idempotencyKey: string | null;
  /** Refuses everything but reads. */
  readonly readOnly: boolean;
  /** Where somebody listens to how a call goes on. */
  readonly progress?: Progress;
};

export type Output = Readonly<Record<string, unknown>>;

const conflictRetriesMax = 10;
const auditedCharactersMax = 4_000;
const idempotencyMs = 24 * 3_600_000;

/**
 * The one door to every operation: authorise, parse, run on a unit of work, check the output, and commit records,
 * history, audit, idempotency key and outbox at once. A dry run does all of it but the commit and opens no socket.
 *
 * @throws Failure whatever the caller did wrong; anything else thrown is a bug
 */
export async function invoke(it: Operation, raw: unknown, caller: Caller, engines: Engines): Promise<Output> {
  const { principal } = caller;
  if (it.of === "person") requirePerson(it, principal);
  else requireScope(it, principal);
  if (caller.readOnly && it.effect !== "read")
    throw new Failure("forbidden", `${it.name} changes something and this connection is read-only.`, {
      hint: "Connect without the read-only option to make changes.",
    });
  const { workspaceId, dryRun, ...asked } = parseInput(publicInput(it), raw);
  const { input, shaped } = shaping(it, asked);
  const workspace =
    it.of === "person"
      ? serverScope
      : workspaceOf(it, principal, typeof workspaceId === "string" ? workspaceId : undefined);
  const call: Call = { input, workspace, caller, engines, dryRun: dryRun === true };
  const repeated = it.effect === "read" ? undefined : await earlierAnswer(it, call);
  const output = repeated ?? (await carryOut(it, call));
  return shaped(publicOutput(it).parse(output));
}

/** What an operation is asked, and how its output is made smaller. @throws Failure invalid for members that rows do not have */
function shaping(
  it: Operation,
  asked: Output,
): { readonly input: Output; readonly shaped: (output: Output) => Output } {
  const { fields, ...input } = asked;
  const rows = fields === undefined ? undefined : rowsOf(it);
  if (rows === undefined) return { input: asked, shaped: (output) => output };
  const names = fieldsInput.parse(fields);
  refuseUnknownFields(rows, names);
  return { input, shaped: (output) => withFields(output, rows, names) };
}

type Call = {
  readonly input: Output;
  readonly workspace: string;
  readonly caller: Caller;
  readonly engines: Engines;
  readonly dryRun: boolean;
};

function carryOut(it: Operation, call: Call): Promise<object> {
  if (it.effect === "read") return runRead(it, call);
  return it.effect === "change" ? runChange(it, call) : runAct(it, call);
}

/** @throws Failure forbidden, naming the scope, unless it is held in the workspace, or without one given in any */
function requireScope(
  { name, scope }: { readonly name: string; readonly scope: Scope },
  principal: Principal,
  workspace?: string,
): void {
  if (may(principal, scope, workspace)) return;
  throw new Failure("forbidden", `${name} needs the scope ${scope}.`, {
    scope,
    allowed: heldScopes(principal, workspace),
    hint: `Use a credential that has ${scope}.`,
  });
}

/** Users may do for themselves what concerns them alone; a client that acts for one needs to have been allowed it. */
function requirePerson(it: Operation, principal: Principal): void {
  if (principal.actor.kind !== "user")
    throw new Failure("forbidden", `${it.name} is done as a person, and this credential acts as none.`, {
      hint: "Use a personal key, or sign in.",
    });
  if (principal.credential.kind === "oauth") requireScope(it, principal);
}

function workspaceOf(it: Operation, principal: Principal, asked: string | undefined): string {
  const { workspaces } = principal;
  if (asked !== undefined) {
    if (!workspaces.has(asked))
      throw new Failure("not_found", "No such workspace.", { pointer: "/workspaceId" });
    requireScope(it, principal, asked);
    return asked;
  }
  const [only, ...more] = workspaces.keys();
  if (only !== undefined && more.length === 0) return only;
  const none = only === undefined;
  throw new Failure(
    "invalid",
    none ? "You have no workspace." : "You have several workspaces: say which one.",
    {
      pointer: "/workspaceId",
      allowed: [...workspaces.keys()],
    },
  );
}

async function contextOf({ workspace, caller, dryRun, ...call }: Call): Promise<Context> {
  const engines = dryRun ? { ...call.engines, outbound: offline(call.engines.outbound) } : call.engines;
  const now = engines.clock.now();
  const unit = unitOfWork(workspace, now, engines);
  const plan = workspace === serverScope ? selfHosted : await planOf(workspace, unit);
  const { principal, signal, surface, progress = unheard } = caller;
  const changeId = newId("aud");
  return { ...engines, principal, workspace, plan, now, changeId, surface, unit, dryRun, signal, progress };
}

async function planOf(workspace: string, unit: Unit): Promise<Plan> {
  const row = await unit.get(workspaceResource, workspace);
  if (row === undefined) throw new Failure("not_found", "No such workspace.", { pointer: "/workspaceId" });
  return row.value.plan;
}

const unheard: Progress = () => {};

/** What a dry run is given: rules are checked, the network is not touched. */
function offline(outbound: Outbound): Outbound {
  return {
    ...outbound,
    resolve: async (url) => outbound.check(url),
    send: async ({ url }) => {
      throw new Error(`a dry run tried to send to ${url}`);
    },
  };
}

async function runRead(it: Read<string, z.ZodObject, z.ZodObject>, call: Call): Promise<object> {
  return it.run(it.input.parse(call.input), await contextOf(call));
}

async function runChange(it: Change<string, z.ZodObject, z.ZodObject>, call: Call): Promise<object> {
  for (let round = 1; ; round++) {
    const context = await contextOf(call);
    const output = it.output.parse(await it.run(it.input.parse(call.input), context));
    if (call.dryRun) return { ...output, dryRun: true, wouldChange: context.unit.written().changes };
    try {
      await commit(it, call, context, remembered(it, call, context.now, output));
      return output;
    } catch (error) {
      const repeated = await earlierAnswer(it, call);
      if (repeated !== undefined) return repeated;
      // A record moved between reading and committing: decide again on what it is now.
      if (!mayComeOutOtherwise(error, call) || round === conflictRetriesMax) throw error;
    }
  }
}

/** Not when the caller chose the key that another record has. A version that the caller named is compared again. */
function mayComeOutOtherwise(error: unknown, { input }: Call): boolean {
  if (!(error instanceof Failure) || error.kind !== "conflict") return false;
  const key = error.detail.pointer?.slice(1);
  return key === undefined || input[key] === undefined;
}

async function runAct(it: Act<string, z.ZodObject, z.ZodObject>, call: Call): Promise<object> {
  const context = await contextOf(call);
  const plan = await it.plan(it.input.parse(call.input), context);
  if (call.dryRun) return { ...it.output.parse(it.preview(plan, context)), dryRun: true };
  await commit(it, call, context, remembered(it, call, context.now, null));
  const output = it.output.parse(await it.perform(plan, context));
  const answer = remembered(it, call, context.now, output);
  if (answer !== undefined)
    await context.store.commit({
      workspace: call.workspace,
      at: context.now,
      actor: call.caller.principal.actor,
      operation: it.name,
      records: [],
      entries: [{ ...answer, mustBeNew: false }],
      outbox: [],
      audit: null,
    });
  return output;
}

async function commit(
  it: Operation,
  call: Call,
  context: Context,
  answer: EntryChange | undefined,
): Promise<void> {
  const { changes, ...written } = context.unit.written();
  await context.store.commit({
    ...written,
    workspace: call.workspace,
    at: context.now,
    actor: call.caller.principal.actor,
    operation: it.name,
    entries: answer === undefined ? written.entries : [...written.entries, answer],
    audit: {
      id: context.changeId,
      subjects: changes.map(({ id }) => id),
      detail: {
        surface: call.caller.surface,
        requestId: call.caller.requestId,
        input: audited(it, call.input),
      },
    },
  });
}

function audited(it: Operation, input: Output): Output {
  const shape: Readonly<Record<string, z.core.$ZodType>> = it.input.shape;
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      isSecret(shape[name]) ? "[secret]" : shortened(value),
    ]),
  );
}

/** The audit is small and kept long: of a large value its length is kept. */
function shortened(value: unknown): unknown {
  const length = value === undefined ? 0 : JSON.stringify(value).length;
  return length > auditedCharactersMax ? `[${length} characters]` : value;
}

function isSecret(member: z.core.$ZodType | undefined): boolean {
  return member !== undefined && z.globalRegistry.get(member)?.["secret"] === true;
}

const collection = "idempotency";
const Remembered = z.object({ digest: z.string(), output: z.record(z.string(), z.json()).nullable() });

function keyOfCall(it: Operation, { caller: { principal, idempotencyKey } }: Call): string {
  return `${principal.actor.kind}:${principal.actor.id}:${it.name}:${idempotencyKey ?? ""}`;
}

function digestOf(call: Call): string {
  return fingerprint(JSON.stringify(call.input));
}

function remembered(it: Operation, call: Call, now: number, output: Output | null): EntryChange | undefined {
  if (call.caller.idempotencyKey === null) return undefined;
  // What an operation for people returns may be a secret shown once: only that it was done is kept.
  const kept = it.reach === "people" ? null : output;
  const value = { digest: digestOf(call), output: kept };
  return { collection, key: keyOfCall(it, call), value, expiresAt: now + idempotencyMs, mustBeNew: true };
}

async function earlierAnswer(it: Operation, call: Call): Promise<Output | undefined> {
  const { idempotencyKey } = call.caller;
  if (idempotencyKey === null || call.dryRun) return undefined;
  if (idempotencyKey.length > 200 || idempotencyKey === "")
    throw new Failure("invalid", "An idempotency key has 1 to 200 characters.", {
      hint: "A UUID is a good one.",
    });
  const entry = await call.engines.store.entries.get(call.workspace, collection, keyOfCall(it, call));
  if (entry === undefined) return undefined;
  const { digest, output } = Remembered.parse(entry);
  if (digest !== digestOf(call))
    throw new Failure("conflict", "This idempotency key was used with another input.", {
      hint: "Use a new key for a new call.",
    });
  if (output !== null) return output;
  throw new Failure("conflict", `${it.name} was already called with this idempotency key.`, {
    hint: "It was done, or was interrupted while being done; look at the result before calling again with a new key.",
  });
}
