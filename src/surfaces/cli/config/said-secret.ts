import type { Complaint, Path } from "./document.ts";

export type Environment = (name: string) => string | undefined;

/** A secret as a document speaks of it: by the variable that has it, or not at all, since `stored` asks for nothing. */
export type SaidSecret = { readonly variable: string | undefined } | { readonly complaint: Complaint };

export function saidSecret(said: unknown, path: Path): SaidSecret {
  const variable = typeof said === "string" ? /^\$\{(\w+)\}$/.exec(said)?.[1] : undefined;
  if (variable !== undefined || said === undefined || said === null || said === "stored") return { variable };
  return { complaint: { path, message: noSecretHere, hint: howToWrite } };
}

export const noSecretHere = "A secret does not stand in a document.";
const howToWrite =
  "Write `stored` for one that is there, or ${NAME} for one that the environment has under that name.";

export function textOf(
  variable: string,
  environment: Environment,
  path: Path,
): { readonly text: string } | { readonly complaint: Complaint } {
  const text = environment(variable) ?? "";
  if (text !== "") return { text };
  return {
    complaint: { path, message: `The environment has no ${variable}.`, hint: `Set ${variable}.` },
  };
}
