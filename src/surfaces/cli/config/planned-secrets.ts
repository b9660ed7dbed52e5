import { commandName, flagName } from "../command-name.ts";
import type { Complaint, Entry } from "./document.ts";
import { secretNames, type Kind, type KindSecret } from "./kind.ts";
import { saidSecret, textOf, type Environment } from "./said-secret.ts";
import type { Given } from "./step.ts";
import { unknownText } from "./unknown-text.ts";

export type Told = {
  /** What the document says of the record's secrets. */
  readonly secrets: Entry;
  /** What the record is, or would become by its other fields. */
  readonly view: Entry;
  readonly environment: Environment;
};

export type PlannedSecrets = {
  readonly given: readonly Given[];
  readonly byHand: readonly string[];
  readonly complaints: readonly Complaint[];
};

/** Which secrets are to be stored: those that are wanted, are not there, and that the environment has. */
export function plannedSecrets(kind: Kind, key: string, told: Told): PlannedSecrets {
  const names = secretNames(kind);
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
      ...each.flatMap(({ complaint }) => complaint ?? []),
    ],
  };
}

type Of = { readonly kind: Kind; readonly key: string; readonly told: Told };
type One = {
  readonly given?: Given;
  readonly byHand?: string;
  readonly complaint?: Complaint;
};

function plannedSecret(secret: KindSecret, { kind, key, told }: Of): One {
  const path = [kind.name, key, "secrets", secret.name];
  const { member, stored, missing } = secret.told;
  const isMissing = told.view[member] === missing;
  const said = saidSecret(told.secrets[secret.name], path);
  if ("complaint" in said) return said;
  if (said.variable === undefined) return isMissing ? { byHand: commandFor(secret, kind, key) } : {};
  if (told.view[member] === stored) return {};
  if (!isMissing)
    return { complaint: { path, message: "This record takes no such secret: nothing would use it." } };
  const found = textOf(said.variable, told.environment, path);
  return "text" in found ? { given: { secret, text: found.text } } : found;
}

function commandFor({ store, field, name }: KindSecret, kind: Kind, key: string): string {
  return `${kind.name}/${key} waits for its secret \`${name}\`: sluice ${commandName(store)} ${key} --${flagName(field)}-file -`;
}
