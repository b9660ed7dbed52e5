import { may, type Scope } from "../../kernel/principal.ts";
import type { Caller } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";
import type { Line } from "./conversation.ts";

/** The names under which operations are shown together: those of the planes. */
export type Toolsets = {
  readonly names: readonly string[];
  readonly of: (it: Operation) => string | undefined;
  /** Names of operations that belong to every view, and are listed after the others. */
  readonly everyView: ReadonlySet<string>;
};

/** What a connection asked to be shown, and may do at the most. */
export type Narrowing = {
  readonly readOnly: boolean;
  /** null = the credential's own view, which is a view and no limit. */
  readonly toolsets: readonly string[] | "all" | null;
  /** The only one that is left of those that the credential may act in; null = all of them. */
  readonly workspace: string | null;
};

/** A caller, what it is shown, and how it is reached while it waits. */
export type Viewer = Caller & Pick<Narrowing, "toolsets"> & { readonly line?: Line };

/** Listed by the view of a credential; clients that ask for toolsets by name get them whole. */
const listedMax = 40;

/** Whether a caller is shown an operation. What it may do is decided by `invoke`; a list only spares it the refusals. */
export function shows(it: Operation, { principal, readOnly }: Caller): boolean {
  return may(principal, it.scope) && (!readOnly || it.effect === "read");
}

/** Whether lists name the scope of each tool: to a credential whose scopes were chosen one by one. */
export function seesScopes({ principal }: Pick<Caller, "principal">): boolean {
  return principal.credential.kind === "management-token";
}

/** Whether the connection narrowed itself to toolsets that an operation is not in. */
export function isLeftOut(it: Operation, { toolsets }: Viewer, known: Toolsets): boolean {
  if (toolsets === null || toolsets === "all") return false;
  const own = known.of(it);
  return !known.everyView.has(it.name) && (own === undefined || !toolsets.includes(own));
}

/** Of the operations that a caller may be shown, those of its view: a toolset whole and in its own order. */
export function inView(shown: readonly Operation[], viewer: Viewer, known: Toolsets): readonly Operation[] {
  if (viewer.toolsets === "all") return shown;
  const names = viewer.toolsets ?? viewer.principal.toolsets;
  const always = shown.filter(({ name }) => known.everyView.has(name));
  const chosen = shown.filter((it) => {
    const own = known.of(it);
    return own !== undefined && !known.everyView.has(it.name) && names.includes(own);
  });
  const room = viewer.toolsets === null ? Math.max(0, listedMax - always.length) : chosen.length;
  return [...chosen.slice(0, room), ...always];
}

/** Callers with the same key are shown the same lists. `scopes` are those that any list depends on. */
export function viewKey(scopes: readonly Scope[], viewer: Viewer): string {
  const { principal, readOnly, toolsets } = viewer;
  const held = scopes.filter((scope) => may(principal, scope));
  const asked = toolsets === null ? `own ${principal.toolsets.join()}` : `asked ${String(toolsets)}`;
  const form = seesScopes(viewer) ? "scoped" : "plain";
  return `${readOnly ? "reads" : "everything"} ${form} ${asked} ${held.join(" ")}`;
}
