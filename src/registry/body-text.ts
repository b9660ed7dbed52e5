/**
 * The text of a body, or undefined for one that is none: no UTF-8.
 * @param truncated its end is missing, so that its last character may be cut in two; that one is dropped
 */
export function textOf(bytes: Uint8Array, truncated: boolean): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: truncated });
  } catch {
    return undefined;
  }
}
