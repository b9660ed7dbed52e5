// Texts are scanned as strings of octets: a character for each byte of UTF-8. Whatever is not replaced comes out byte
// by byte as it came in, even where it is no UTF-8, and names and separators are ASCII in any case.

const asciiMax = 0x7f;

export function isAscii(text: string): boolean {
  for (let n = 0; n < text.length; n++) if (text.charCodeAt(n) > asciiMax) return false;
  return true;
}

export function toOctets(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** Octets that are no UTF-8 become U+FFFD. */
export function fromOctets(octets: string): string {
  return isAscii(octets) ? octets : Buffer.from(octets, "latin1").toString("utf8");
}
