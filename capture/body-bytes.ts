/** A body as octets of UTF-8, and what it was written in. */
export type BodyOctets = { readonly text: string; readonly encoding: "utf-8" | "utf-16le" | "utf-16be" };

/** Bodies in UTF-16, by their mark or the zero beside the first character, are scanned as UTF-8. */
export function octetsOf(bytes: Uint8Array): BodyOctets {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const encoding = encodingOf(bytes);
  if (encoding === "utf-8") return { text: buffer.toString("latin1"), encoding };
  const units = encoding === "utf-16le" ? buffer : swapped(buffer);
  return { text: Buffer.from(units.toString("utf16le"), "utf8").toString("latin1"), encoding };
}

export function bytesOf({ text, encoding }: BodyOctets): Uint8Array {
  const bytes = Buffer.from(text, "latin1");
  if (encoding === "utf-8") return bytes;
  const units = Buffer.from(bytes.toString("utf8"), "utf16le");
  return encoding === "utf-16le" ? units : swapped(units);
}

/** What the type says is not believed: a body that is scanned in the wrong encoding is not redacted. */
function encodingOf(bytes: Uint8Array): BodyOctets["encoding"] {
  if (bytes.length < 3) return "utf-8";
  const [first = 0, second = 0] = bytes;
  if ((first === 0xff && second === 0xfe) || (isPrintable(first) && second === 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && isPrintable(second)) ? "utf-16be" : "utf-8";
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}

/** Both bytes of each unit; an odd byte at the end goes. */
function swapped(buffer: Buffer): Buffer {
  return Buffer.from(buffer.subarray(0, buffer.length - (buffer.length % 2))).swap16();
}
