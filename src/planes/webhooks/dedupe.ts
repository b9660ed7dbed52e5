import { fingerprint } from "../../kernel/secret.ts";
import { textOf } from "./incoming.ts";
import type { Incoming } from "./incoming.ts";
import type { Provider } from "./provider.ts";

export const dedupeIdCharactersMax = 200;

/**
 * What the provider tells its events apart by: its text up to 200 characters, a longer one as its SHA-256 in
 * hex; undefined when the request has none. Only to be believed of a verified request, else anybody could use
 * up the id of an event to come.
 */
export function dedupeIdOf(provider: Provider, request: Incoming): string | undefined {
  const id = provider.dedupeId === null ? undefined : textOf(provider.dedupeId, request);
  if (id === undefined || id === "") return undefined;
  return id.length > dedupeIdCharactersMax ? fingerprint(id) : id;
}
