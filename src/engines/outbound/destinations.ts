import { notUrl, parse } from "./guard.ts";
import type { Guard, Target } from "./guard.ts";
import type { Refusal } from "./outbound.ts";

/** A URL as it is sent to. */
export type Destination = {
  readonly href: string;
  /** Path and query. */
  readonly path: string;
  readonly target: Target;
};

/** Reads URLs, each text once: the same few targets come again and again. What is refused is judged each time. */
export type Destinations = (url: string) => Destination | Refusal;

const keptMax = 1_000;
const keptCharactersMax = 500;

export function destinations(guard: Guard): Destinations {
  const kept = new Map<string, Destination>();

  function read(text: string): Destination | Refusal {
    const url = parse(text);
    if (url === undefined) return notUrl;
    const target = guard.read(url);
    return "reason" in target ? target : { href: url.href, path: url.pathname + url.search, target };
  }

  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const destination = read(text);
    if ("reason" in destination || text.length > keptCharactersMax) return destination;
    if (kept.size >= keptMax) kept.clear();
    kept.set(text, destination);
    return destination;
  };
}
