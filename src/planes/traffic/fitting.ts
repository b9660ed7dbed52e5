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
