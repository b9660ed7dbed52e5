import { isDeepStrictEqual } from "node:util";
import type { Operation } from "../../../registry/operation.ts";
import type { Trouble } from "../trouble.ts";
import { failureOf, type Ask } from "../ask.ts";
import { isEntry, type Complaint, type Entry, type Path } from "./document.ts";
import { keyFields, secretNames, shownBy, type Kind, type KindField } from "./kind.ts";
import type { Live } from "./live.ts";
import { makingSecrets } from "./making-secrets.ts";
import { complaintsOfLeaving, trialOf } from "./named-records.ts";
import type { Outlook } from "./outlook.ts";
import { plannedSecrets, type Told } from "./planned-secrets.ts";
import { noSecretHere } from "./said-secret.ts";
import type { Step } from "./step.ts";
import { unknownText } from "./unknown-text.ts";

export type Asked = {
  /** What the document has under the key. */
  readonly entry: unknown;
  readonly live: Live | undefined;
  readonly ask: Ask;
  readonly outlook: Outlook;
  readonly environment: Told["environment"];
};

/** What one record of the document asks for, tried by dry runs. */
export type PlannedRecord = {
  /** Absent: it is as the document says. */
  readonly step: Step | undefined;
  readonly byHand: readonly string[];
  readonly complaints: readonly Complaint[];
};

export async function plannedRecord(kind: Kind, key: string, asked: Asked): Promise<PlannedRecord> {
  const { live, environment } = asked;
  const entry = asked.entry ?? {};
  const misshapen = complaintsOfShape(kind, key, entry);
  if (!isEntry(entry) || misshapen.length > 0) return refused(misshapen);
  const { secrets: said, ...fields } = entry;
  const secrets = isEntry(said) ? said : {};
  const making = makingSecrets(kind, { key, secrets, isThere: live !== undefined, environment });
  if (making.complaints.length > 0) return refused(making.complaints);
  const tried = await tryOut(kind, key, { ...asked, fields, madeWith: making.given });
  if ("complaints" in tried) return refused(tried.complaints);
  const told = { secrets, view: tried.view, environment };
  const { given, byHand, complaints } = plannedSecrets(kind, key, told);
  if (complaints.length > 0) return refused(complaints);
  const bare = live && ({ do: "update", kind, key, live, fields: {}, view: live.view } as const);
  const step = tried.step ?? (given.length > 0 ? bare : undefined);
  return { step: step && { ...step, secrets: given }, byHand, complaints: [] };
}

function refused(complaints: readonly Complaint[]): PlannedRecord {
  return { step: undefined, byHand: [], complaints };
}

function complaintsOfShape(kind: Kind, key: string, entry: unknown): readonly Complaint[] {
  const path = [kind.name, key];
  if (!isEntry(entry)) return [{ path, message: `"${key}" must be a mapping of fields.` }];
  const { secrets = {}, ...fields } = entry;
  if (keyFields(kind, key) === undefined)
    return [{ path, message: `"${key}" must be ${kind.key.join("/")}.` }];
  const names = [...kind.fields.keys(), ...(secretNames(kind).length > 0 ? ["secrets"] : [])];
  const unknown = Object.keys(fields).filter((name) => !kind.fields.has(name));
  return [
    ...unknown.map((name) => ({
      path: [...path, name],
      message: kind.madeWith.includes(name) ? noSecretHere : unknownText(name, names),
    })),
    ...(isEntry(secrets) || secrets === null
      ? []
      : [{ path: [...path, "secrets"], message: '"secrets" must be a mapping of names.' }]),
  ];
}

type Create = Omit<Extract<Step, { do: "create" }>, "secrets">;
type Update = Omit<Extract<Step, { do: "update" }>, "secrets">;
type Outcome =
  | { readonly step: Create | Update | undefined; readonly view: Entry }
  | { readonly complaints: readonly Complaint[] };

type Wanted = Pick<Asked, "live" | "ask" | "outlook"> & {
  readonly fields: Entry;
  readonly madeWith: Entry;
};

function tryOut(kind: Kind, key: string, wanted: Wanted): Promise<Outcome> | Outcome {
  const { fields, live, outlook } = wanted;
  const torn = complaintsOfLeaving(kind, { key, fields, view: live?.view ?? {} }, outlook);
  if (torn.length > 0) return { complaints: torn };
  return live === undefined ? tryCreate(kind, key, wanted) : tryUpdate(kind, key, { ...wanted, live });
}

async function tryCreate(
  kind: Kind,
  key: string,
  { fields: wanted, madeWith, ask, outlook }: Wanted,
): Promise<Outcome> {
  const all = Object.entries(wanted);
  const takes = ([name, value]: readonly [string, unknown]): boolean => {
    const field = kind.fields.get(name)?.created;
    return field !== undefined && (value !== null || field.takes.has("null"));
  };
  const fields = Object.fromEntries(all.filter(takes));
  const later = Object.fromEntries(all.filter(([name]) => kind.fields.get(name)?.created === undefined));
  const comesWith = outlook.coming(kind.name).get(key) ?? null;
  const step: Create = { do: "create", kind, key, fields, later, madeWith, comesWith };
  if (comesWith !== null) return { step, view: {} };
  const trial = await trialOf(kind, { key, fields, view: {} }, outlook);
  if (trial === "untried") return { step, view: {} };
  if ("complaints" in trial) return trial;
  const input = { ...fields, ...madeWith, ...keyFields(kind, key), ...trial.instead };
  const answered = await ask(kind.create, { ...input, dryRun: true });
  if ("trouble" in answered) return { complaints: complaintsOf(answered.trouble, kind, key) };
  return { step, view: answered.output };
}

type Present = Omit<Wanted, "live" | "madeWith"> & { readonly live: Live };

async function tryUpdate(kind: Kind, key: string, present: Present): Promise<Outcome> {
  const { fields, live } = present;
  const differing = Object.entries(fields).flatMap(([name, value]) => {
    const field = kind.fields.get(name);
    return field === undefined || isDeepStrictEqual(shownBy(field, live.view), value)
      ? []
      : [{ name, value, field }];
  });
  const fixed = differing.filter(({ field }) => field.updated === undefined);
  if (fixed.length > 0) return { complaints: fixed.map((it) => fixedComplaint([kind.name, key], it, live)) };
  if (differing.length === 0 || kind.update === null) return { step: undefined, view: live.view };
  const changes = Object.fromEntries(differing.map(({ name, value }) => [name, value]));
  const changed = await triedChanges({ kind, update: kind.update, key }, changes, present);
  if ("complaints" in changed) return changed;
  const { view } = changed;
  // What the server makes of a value may be what is there: then nothing changes.
  const differs = [...kind.fields.values()].some(
    (field) => !isDeepStrictEqual(shownBy(field, live.view), shownBy(field, view)),
  );
  return { step: differs ? { do: "update", kind, key, live, fields: changes, view } : undefined, view };
}

type Changing = { readonly kind: Kind; readonly update: Operation; readonly key: string };
type Changed = { readonly view: Entry } | { readonly complaints: readonly Complaint[] };

/** What a record would be with changes: what the server says, but for what it was tried with in place of what is to come. */
async function triedChanges(
  { kind, update, key }: Changing,
  changes: Entry,
  { live, ask, outlook }: Present,
): Promise<Changed> {
  const trial = await trialOf(kind, { key, fields: changes, view: live.view }, outlook);
  if (trial !== "untried" && "complaints" in trial) return trial;
  const replaced = Object.keys(trial === "untried" ? changes : trial.instead);
  const asWanted = replaced.map((name): [string, unknown] => {
    const member = kind.fields.get(name)?.member ?? name;
    return [member, name in changes ? changes[name] : live.view[member]];
  });
  const wanted: Entry = Object.fromEntries(asWanted);
  if (trial === "untried") return { view: { ...live.view, ...wanted } };
  const input = { ...changes, ...trial.instead, [kind.idField]: live.id, dryRun: true };
  const answered = await ask(update, input);
  if ("trouble" in answered) return { complaints: complaintsOf(answered.trouble, kind, key) };
  return { view: { ...answered.output, ...wanted } };
}

type Differing = { readonly name: string; readonly value: unknown; readonly field: KindField };

function fixedComplaint(path: Path, { name, value, field }: Differing, { view }: Live): Complaint {
  const is = JSON.stringify(shownBy(field, view));
  return {
    path: [...path, name],
    message: `"${name}" is ${is} and stays so: it cannot become ${JSON.stringify(value)}.`,
    hint: "Only a record that is made anew can have another: give it another key, or remove it first.",
  };
}

/** What a refusal says about the document. @throws Failure what is no matter of the document */
function complaintsOf(trouble: Trouble, kind: Kind, key: string): readonly Complaint[] {
  const { code, detail, pointer, errors = [], hint } = trouble;
  if (!["invalid", "conflict", "quota_exceeded", "not_found"].includes(code)) throw failureOf(trouble);
  const found = errors.length > 0 ? errors : [{ pointer: pointer ?? "", detail }];
  return found.map((it) => ({
    path: [kind.name, key, ...placeOf(kind, it.pointer)],
    message: it.detail,
    ...(hint !== undefined && { hint }),
  }));
}

function placeOf({ madeWith }: Kind, pointer: string): Path {
  const parts = pointer.split("/").slice(1);
  const path = parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return madeWith.includes(path[0] ?? "") ? ["secrets", ...path] : path;
}
