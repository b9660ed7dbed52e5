/** How bytes of compressed formats begin, in hex. */
const forms = {
  gzip: /^1f8b/,
  /** Each byte taken for a character and written as UTF-8. */
  gzipAsText: /^1fc28b/,
  zlib: /^789c/,
  zstd: /^(?:28b52ffd|5[0-9a-f]2a4d18)/,
  zip: /^504b0304/,
  xz: /^fd377a585a00/,
  bzip2: /^425a683[1-9]314159265359/,
  sevenZip: /^377abcaf271c/,
  rar: /^526172211a07/,
  lz4: /^04224d18/,
} as const;

const bytesOfForm = 10;
/** Of all forms: most bodies begin otherwise and are looked into no further. */
const firstBytes: ReadonlySet<number | undefined> = new Set([
  0x1f,
  0x78,
  0x28,
  0xfd,
  0x42,
  0x37,
  0x52,
  0x04,
  ...Array.from({ length: 16 }, (_, n) => 0x50 + n),
]);

/** Whether bytes begin as all of a form do. */
export function beginsAs(form: keyof typeof forms, bytes: Uint8Array): boolean {
  return forms[form].test(beginningOf(bytes));
}

/** Whether bytes are of a format that hides what it holds from whoever does not unpack it. */
export function isCompressed(bytes: Uint8Array): boolean {
  if (!firstBytes.has(bytes[0])) return false;
  const beginning = beginningOf(bytes);
  return Object.values(forms).some((form) => form.test(beginning));
}

function beginningOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, Math.min(length, bytesOfForm)).toString("hex");
}
