import { z } from "zod";
import type { Scope, Scopes } from "../../../kernel/principal.ts";
import type { Catalogue } from "../../../registry/catalogue.ts";

/** From the most powerful down. An owner may do everything; the workspace always has one. */
export const Role = z.enum(["owner", "admin", "member", "viewer"]);

export type Role = z.output<typeof Role>;

export function isLower(role: Role, than: Role): boolean {
  return Role.options.indexOf(role) > Role.options.indexOf(than);
}

/** What members may not do: who else gets in, and what the workspace may use. */
const administrative: ReadonlySet<string> = new Set<Scope>([
  "members:write",
  "credentials:write",
  "environments:write",
  "workspace:write",
]);

/** What viewers may do all the same, for it is about what is their own. */
const everyones: ReadonlySet<string> = new Set<Scope>(["connected-clients:write"]);

const known = new WeakMap<Catalogue, Readonly<Record<Role, Scopes>>>();

/** What a role allows, of all scopes that operations need. */
export function scopesOf(role: Role, catalogue: Catalogue): Scopes {
  const table = known.get(catalogue) ?? tableOf(catalogue);
  known.set(catalogue, table);
  return table[role];
}

function tableOf({ operations }: Catalogue): Readonly<Record<Role, Scopes>> {
  const all = [...new Set([...operations.values()].map(({ scope }) => scope))];
  return {
    owner: "all",
    admin: new Set(all),
    member: new Set(all.filter((scope) => !administrative.has(scope))),
    viewer: new Set(
      all.filter((scope) => scope.endsWith(":read") || scope.startsWith("self:") || everyones.has(scope)),
    ),
  };
}
