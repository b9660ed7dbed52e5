// Where things end in JSON that nobody has parsed, and that may be cut off or broken.

const quote = 34;
const backslash = 92;

/** Where the closing quote stands, or the length of the text when there is none. @param from behind the opening quote */
export function stringEnd(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash && end - escapes > from) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

/** All the marks of the characters from `from` to `to`. */
export function marksOf(
  text: string,
  table: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  let found = 0;
  for (let at = from; at < to; at++) found |= table[text.charCodeAt(at)] ?? 0;
  return found;
}

/** Behind the object or list that begins at `from`, or the length of the text when it is not closed. */
export function containerEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) at = stringEnd(text, at + 1);
    else if (unit === 0x7b || unit === 0x5b) depth++;
    else if ((unit === 0x7d || unit === 0x5d) && --depth === 0) return at + 1;
  }
  return text.length;
}

/** Behind spaces and line ends. */
export function spaceEnd(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(unit: number): boolean {
  return unit === 32 || unit === 10 || unit === 13 || unit === 9;
}
