import { z } from "zod";
import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import { bounded, json, type Ask } from "./row.ts";
import type { Entries, EntryChange } from "./store.ts";

const entryRows = z.array(z.object({ key: z.string(), value: json, expiresAt: z.number() }));

const columns = `key, value, expires_at as "expiresAt"`;
const get = `select ${columns} from entry
  where workspace = ? and collection = ? and key = ? and expires_at > ?`;
const list = `select ${columns} from entry
  where workspace = ? and collection = ? and expires_at > ? and key > ? order by key limit ?`;

export function entryReader(ask: Ask, clock: Clock): Entries {
  return {
    get: async (workspace, collection, key) =>
      entryRows.parse(await ask(get, workspace, collection, key, clock.now()))[0]?.value,
    // Every key has a character.
    list: async (workspace, collection, limit, after = "") =>
      entryRows.parse(await ask(list, workspace, collection, clock.now(), after, bounded(limit))),
  };
}

export function entryExists({ collection, key }: EntryChange): Failure {
  return new Failure("conflict", `The ${collection} entry ${key} exists already.`, {
    hint: "Read it, or wait until it expires.",
  });
}
