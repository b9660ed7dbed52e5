/** Controls, and marks that reorder text: what a captured payload could use to take over or deceive a terminal. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text that is safe to print: line breaks and tabs stay, other controls become escapes such as `\u001b`. */
export function visibleText(text: string): string {
  return text.replaceAll(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
