const charactersMax = 100;

/** What a caller gave, as a message may repeat it: in quotes, on one line, control characters escaped, at most 100 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, charactersMax)).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
