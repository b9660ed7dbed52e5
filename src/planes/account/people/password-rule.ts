import { Failure } from "../../../kernel/failure.ts";
import { Secret } from "../../../kernel/secret.ts";
import { hashOf } from "./password.ts";

const charactersMin = 12;
const charactersMax = 256;
/** Different characters that are left of a password without what everybody tries first. */
const ownCharactersMin = 5;

/** Words that most guessed passwords are made of, as they are spelt without digits for letters. */
const stems =
  /password|passwort|passw|motdepasse|contrasena|qwerty|qwertz|azerty|letmein|welcome|iloveyou|sunshine|princess|football|baseball|monkey|dragon|shadow|master|admin|administrator|changeme|secret|trustno|whatever|superman|batman|hello|login|sluice/g;

const rows = ["01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/** Who chooses: what is known of them is tried first. */
type Person = { readonly name: string; readonly email: string | null };

/**
 * What to keep of a password that a person chooses.
 *
 * @throws Failure invalid when it may not be chosen; limited when too many are being made
 */
export function newPassword(text: string, { name, email }: Person): Promise<Secret> {
  return hashOf(chosenPassword(text, [name, email]));
}

/**
 * A password that may be chosen: 12 to 256 characters, of which enough are left without common words, rows of the
 * keyboard or the alphabet, repetitions, and what is known of the person.
 *
 * @throws Failure invalid that says what to do, and never repeats what was typed
 */
export function chosenPassword(text: string, known: readonly (string | null)[]): Secret {
  const length = Array.from(text).length;
  if (length < charactersMin)
    throw refused(
      `A password has at least ${charactersMin} characters.`,
      "Several words are easy to remember.",
    );
  if (length > charactersMax) throw refused(`A password has at most ${charactersMax} characters.`, "");
  if (new Set(uncommon(text, known)).size < ownCharactersMin)
    throw refused(
      "This password is one of those that are tried first.",
      "Take several words that do not belong together, or let your browser make one.",
    );
  return new Secret(text);
}

function refused(message: string, hint: string): Failure {
  return new Failure("invalid", message, { pointer: "/password", ...(hint !== "" && { hint }) });
}

const lookAlikes: Readonly<Record<string, string>> = { "@": "a", "0": "o", "1": "i", "3": "e", $: "s" };

/** Twice, for a row of digits is one before they are taken for letters. */
function uncommon(text: string, known: readonly (string | null)[]): string {
  const plain = withoutRows(text.normalize("NFKC").toLowerCase());
  let left = withoutRows(plain.replaceAll(/[@013$]/g, (char) => lookAlikes[char] ?? char)).replaceAll(
    stems,
    "",
  );
  for (const part of known.flatMap((it) => it?.toLowerCase().split(/[^\p{L}\p{N}]+/u) ?? []))
    if (part.length >= 3) left = left.replaceAll(part, "");
  return left;
}

/** Runs of three or more along a row, either way. */
function withoutRows(text: string): string {
  let left = text;
  for (const row of [...rows, ...rows.map((it) => it.split("").toReversed().join(""))])
    for (let length = row.length; length >= 3; length--)
      for (let from = 0; from + length <= row.length; from++)
        left = left.replaceAll(row.slice(from, from + length), "");
  return left;
}
