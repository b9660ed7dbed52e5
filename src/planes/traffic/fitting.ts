import type { HeaderPair } from "../../../capture/wire.ts";
import { headerCharactersMax, headersMax, targetCharactersMax } from "./captured.ts";

/** As many headers as a record may have, from the first on; one that is too long is left out. */
export function fittingHeaders(headers: readonly HeaderPair[]): readonly HeaderPair[] {
  const fitting: HeaderPair[] = [];
  let characters = 0;
  for (const [name, value] of headers) {
    const more = name.length + value.length;
    if (name === "" || characters + more > headerCharactersMax) continue;
    characters += more;
    fitting.push([name, value]);
    if (fitting.length === headersMax) break;
  }
  return fitting;
}

/** What a record may have of a path with its query. */
export function fittingTarget(target: string): string {
  return (target.startsWith("/") ? target : `/${target}`).slice(0, targetCharactersMax);
}

/** Of a time and a digest: a UUIDv7 (RFC 9562) as 32 hex characters, the same for the same. */
export function recordIdOf(atMs: number, digest: string): string {
  const time = Math.floor(atMs).toString(16).padStart(12, "0");
  const variant = "89ab"[Number.parseInt(digest.slice(3, 4), 16) & 3] ?? "8";
  return `${time}7${digest.slice(0, 3)}${variant}${digest.slice(4, 19)}`;
}
