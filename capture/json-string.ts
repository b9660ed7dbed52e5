import { fromOctets, toOctets } from "./octets.ts";

const short: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** What stands between the quotes of a JSON string, without its escapes; unknown or broken ones lose their backslash. */
export function decodedJson(octets: string): string {
  if (!octets.includes("\\")) return octets;
  const text = fromOctets(octets).replace(
    /\\(?:u([0-9a-f]{4})|([^]))/gi,
    (_, code?: string, other?: string) =>
      code === undefined
        ? (short[other ?? ""] ?? other ?? "")
        : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return toOctets(text);
}

/** As it may stand between quotes. */
export function encodedJson(octets: string): string {
  return toOctets(JSON.stringify(fromOctets(octets)).slice(1, -1));
}
