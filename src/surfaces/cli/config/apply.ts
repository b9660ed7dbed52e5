import { isDeepStrictEqual } from "node:util";
import { Failure } from "../../../kernel/failure.ts";
import { pathParameters } from "../../../registry/field.ts";
import type { Operation } from "../../../registry/operation.ts";
import { outputOf, type Ask } from "../ask.ts";
import { nameOf } from "./diff.ts";
import type { Entry } from "./document.ts";
import { keyFields, shownBy, type Kind } from "./kind.ts";
import { liveRecords } from "./live.ts";
import type { Given, Step } from "./step.ts";

type Listener = {
  /** A step that is done. */
  readonly say: (line: string) => void;
  /** How many are done when the next begins. */
  readonly progress: (done: number) => void;
};

const done = { create: "created", update: "changed", remove: "removed" } as const;

/**
 * Does the steps in turn and says each one that is done. One that fails ends it: what was done stays, and the same command
 * goes on from there, since only what still differs is done.
 *
 * @throws Failure what a step was refused with, with how far it came
 */
export async function applied(steps: readonly Step[], ask: Ask, { say, progress }: Listener): Promise<void> {
  for (const [i, step] of steps.entries()) {
    progress(i);
    try {
      await carriedOut(step, ask);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(error.kind, `${nameOf(step)}: ${error.message}`, {
        ...error.detail,
        hint: `${error.detail.hint ?? ""} ${i} of ${steps.length} steps are done; the same command does the rest.`.trim(),
      });
    }
    say(`${done[step.do]} ${nameOf(step)}`);
  }
}

async function carriedOut(step: Step, ask: Ask): Promise<void> {
  const { kind, key } = step;
  if (step.do === "remove") {
    const live = step.live ?? (await liveRecords(kind, ask)).get(key);
    if (live === undefined) return;
    outputOf(await ask(kind.remove, { [kind.idField]: live.id, ...atVersion(kind.remove, live.view) }));
    return;
  }
  if (step.do === "create") {
    if (step.comesWith !== null) return;
    const view = outputOf(
      await ask(kind.create, { ...step.fields, ...step.madeWith, ...keyFields(kind, key) }),
    );
    const differing = Object.entries(step.later).filter(
      ([name, value]) => !isAlready(kind, name, { value, view }),
    );
    if (differing.length > 0 && kind.update !== null)
      outputOf(await ask(kind.update, { ...Object.fromEntries(differing), [kind.idField]: view["id"] }));
    await storeSecrets(step.secrets, view["id"], ask);
    return;
  }
  const { id, view } = step.live;
  if (Object.keys(step.fields).length > 0 && kind.update !== null)
    outputOf(await ask(kind.update, { ...step.fields, [kind.idField]: id, ...atVersion(kind.update, view) }));
  await storeSecrets(step.secrets, id, ask);
}

function isAlready(
  kind: Kind,
  name: string,
  { value, view }: { readonly value: unknown; readonly view: Entry },
) {
  const field = kind.fields.get(name);
  return field !== undefined && isDeepStrictEqual(shownBy(field, view), value);
}

/** What somebody changed since it was read is not overwritten. */
function atVersion({ input }: Operation, { version }: Entry): Entry {
  return "expectedVersion" in input.shape && typeof version === "number" ? { expectedVersion: version } : {};
}

async function storeSecrets(secrets: readonly Given[], id: unknown, ask: Ask): Promise<void> {
  for (const { secret, text } of secrets) {
    const [idField = ""] = pathParameters(secret.store.path);
    outputOf(await ask(secret.store, { ...secret.besides, [idField]: id, [secret.field]: text }));
  }
}
