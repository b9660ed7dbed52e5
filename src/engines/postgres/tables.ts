import type { Part } from "./schema.ts";

const statement = /^(create|drop) table (?:if (?:not )?exists )?(\w+)/gim;

/**
 * The tables that the parts' migrations leave, in the order of their making: what refers comes after what it refers to.
 * Unlogged ones, which a crash of the server empties, are left out.
 */
export function tablesOf(parts: readonly Part[]): readonly string[] {
  const tables = new Set<string>();
  for (const { sql } of parts.flatMap(({ migrations }) => migrations))
    for (const [, verb = "", name = ""] of sql.matchAll(statement))
      if (verb.toLowerCase() === "create") tables.add(name);
      else tables.delete(name);
  return [...tables];
}

/** The parts as they were when so many of their migrations were known; one that is not named was not there yet. */
export function partsAt(parts: readonly Part[], versions: Readonly<Record<string, number>>): readonly Part[] {
  return parts.flatMap(({ name, migrations }) => {
    const version = versions[name] ?? 0;
    return version === 0 ? [] : [{ name, migrations: migrations.slice(0, version) }];
  });
}
