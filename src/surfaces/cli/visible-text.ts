/** Controls, and marks that reorder text: what a captured payload could use to take over or deceive a terminal. */
const unsafe = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Text that is safe to print: line breaks and tabs stay, other controls become escapes such as `\u001b`. */
export function visibleText(text: string): string {
  return text.replaceAll(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
