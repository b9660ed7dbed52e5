import { commandName, flagName } from "../command-name.ts";
import type { Complaint, Entry } from "./document.ts";
import type { Kind, KindSecret } from "./kind.ts";
import type { Given } from "./step.ts";
import { unknownText } from "./unknown-text.ts";

export type Told = {
  /** What the document says of the record's secrets. */
  readonly secrets: Entry;
  /** What the record is, or would become by its other fields. */
  readonly view: Entry;
  readonly environment: (name: string) => string | undefined;
};

export type PlannedSecrets = {
  readonly given: readonly Given[];
  readonly byHand: readonly string[];
  readonly complaints: readonly Complaint[];
};

/** Which secrets are to be stored: those that are wanted, are not there, and that the environment has. */
export function plannedSecrets(kind: Kind, key: string, told: Told): PlannedSecrets {
  const names = kind.secrets.map(({ name }) => name);
  const unknown = Object.keys(told.secrets).filter((name) => !names.includes(name));
  const each = kind.secrets.map((secret) => plannedSecret(secret, { kind, key, told }));
  return {
    given: each.flatMap(({ given }) => given ?? []),
    byHand: each.flatMap(({ byHand }) => byHand ?? []),
    complaints: [
      ...unknown.map((name) => ({
        path: [kind.name, key, "secrets", name],
        message: unknownText(name, names),
      })),
      ...each.flatMap(({ complaint, hint }) =>
        complaint === undefined
          ? []
          : [{ path: complaint.path, message: complaint.message, ...(hint !== undefined && { hint }) }],
      ),
    ],
  };
}

type Of = { readonly kind: Kind; readonly key: string; readonly told: Told };
type One = {
  readonly given?: Given;
  readonly byHand?: string;
  readonly complaint?: Complaint;
  readonly hint?: string;
};

function plannedSecret(secret: KindSecret, { kind, key, told }: Of): One {
  const said = told.secrets[secret.name] ?? null;
  const path = [kind.name, key, "secrets", secret.name];
  const { member, stored, missing } = secret.told;
  const isMissing = told.view[member] === missing;
  const variable = typeof said === "string" ? /^\$\{(\w+)\}$/.exec(said)?.[1] : undefined;
  if (variable === undefined) {
    if (said === null || said === "stored") return isMissing ? { byHand: commandFor(secret, kind, key) } : {};
    const message = "A secret does not stand in a document.";
    const hint =
      "Write `stored` for one that is there, or ${NAME} for one that the environment has under that name.";
    return { complaint: { path, message }, hint };
  }
  if (told.view[member] === stored) return {};
  if (!isMissing)
    return { complaint: { path, message: "This record takes no such secret: nothing would use it." } };
  const text = told.environment(variable) ?? "";
  if (text !== "") return { given: { secret, text } };
  return { complaint: { path, message: `The environment has no ${variable}.` }, hint: `Set ${variable}.` };
}

function commandFor({ store, field, name }: KindSecret, kind: Kind, key: string): string {
  return `${kind.name}/${key} waits for its secret \`${name}\`: sluice ${commandName(store)} ${key} --${flagName(field)}-file -`;
}
