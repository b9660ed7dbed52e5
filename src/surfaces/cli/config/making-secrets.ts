import type { Complaint, Entry } from "./document.ts";
import type { Kind } from "./kind.ts";
import { saidSecret, textOf, type Environment } from "./said-secret.ts";

type Of = {
  readonly key: string;
  /** What the document says of the record's secrets. */
  readonly secrets: Entry;
  readonly isThere: boolean;
  readonly environment: Environment;
};

type Making = { readonly given: Entry; readonly complaints: readonly Complaint[] };

/** The secrets that a record is made with, from the environment. One that is there has them, and keeps them. */
export function makingSecrets(kind: Kind, of: Of): Making {
  const each = kind.madeWith.map((name) => ({ name, ...makingSecret(kind, name, of) }));
  return {
    given: Object.fromEntries(each.flatMap((it) => (it.text === undefined ? [] : [[it.name, it.text]]))),
    complaints: each.flatMap(({ complaint }) => complaint ?? []),
  };
}

function makingSecret(
  kind: Kind,
  name: string,
  { key, secrets, isThere, environment }: Of,
): { readonly text?: string; readonly complaint?: Complaint } {
  const path = [kind.name, key, "secrets", name];
  const said = saidSecret(secrets[name], path);
  if ("complaint" in said) return said;
  if (isThere) return {};
  if (said.variable !== undefined) return textOf(said.variable, environment, path);
  return {
    complaint: {
      path,
      message: `It is made with its secret \`${name}\`, which is not in the document.`,
      hint: `Write \${NAME} for \`${name}\` under \`secrets\`, and set that variable.`,
    },
  };
}
