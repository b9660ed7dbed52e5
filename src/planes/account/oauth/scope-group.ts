import type { Catalogue } from "../../../registry/catalogue.ts";

/** Scopes of one plane as a person reads them. */
export type ScopeGroup = {
  readonly heading: string;
  readonly scopes: readonly {
    readonly scope: string;
    /** Such as "See endpoints". */
    readonly title: string;
    /** What it lets somebody do. */
    readonly does: string;
  }[];
};

/** In place of the action's own name, where that is no word for people. */
const verbs: Readonly<Record<string, string>> = {
  read: "See",
  write: "Change",
  delete: "Delete",
  test: "Test",
  replay: "Replay",
};

/** Of scopes whose name makes no sentence. */
const titles: Readonly<Record<string, string>> = {
  "workspace:read": "See the workspace, and who you are",
  "workspace:write": "Change the workspace",
  "dashboard:read": "See the dashboard",
  "plan:read": "See the plan and what is used of it",
  "changes:read": "See what was changed",
  "changes:write": "Undo what was changed",
  "self:read": "See your own keys",
  "self:write": "Make and revoke keys of your own",
};

/** The scopes by plane, each with what the operations say of themselves that need it. */
export function scopeGroups({ operations }: Catalogue, scopes: readonly string[]): readonly ScopeGroup[] {
  const all = [...operations.values()];
  const planes = [...new Set(all.map(({ plane }) => plane))];
  return planes
    .map((plane) => {
      const own = scopes.filter((scope) => all.find((it) => it.scope === scope)?.plane === plane);
      const described = own.map((scope) => {
        const does = all.filter((it) => it.scope === scope).map(({ title }) => title);
        return { scope, title: titleOf(scope), does: [...new Set(does)].join(", ") };
      });
      return { heading: capital(plane), scopes: described };
    })
    .filter((group) => group.scopes.length > 0);
}

function titleOf(scope: string): string {
  const title = titles[scope];
  if (title !== undefined) return title;
  const [noun = "", action = ""] = scope.split(":");
  return `${verbs[action] ?? capital(action)} ${noun.replaceAll("-", " ")}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
