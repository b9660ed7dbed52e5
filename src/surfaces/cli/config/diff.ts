import { isDeepStrictEqual } from "node:util";
import { visibleText } from "../visible-text.ts";
import { isEntry, type Entry } from "./document.ts";
import { shownBy } from "./kind.ts";
import type { Plan } from "./plan.ts";
import type { Step } from "./step.ts";

/** What would become of one field; `before` is absent where there was none. */
export type FieldChange = { readonly field: string; readonly before?: unknown; readonly after: unknown };

/** Field by field what a step does. */
export function changesOf(step: Step): readonly FieldChange[] {
  if (step.do === "remove") return [];
  const names = [
    ...(step.do === "create" ? Object.keys(step.madeWith) : []),
    ...step.secrets.map(({ secret }) => secret.name),
  ];
  const secrets = names.map((name) => ({ field: `secrets.${name}`, after: "stored" }));
  if (step.do === "create")
    return [
      ...Object.entries({ ...step.fields, ...step.later }).map(([field, after]) => ({ field, after })),
      ...secrets,
    ];
  const { kind, live, view } = step;
  const changed = [...kind.fields].flatMap(([name, field]) =>
    leaves(name, shownBy(field, live.view), shownBy(field, view)),
  );
  return [...changed, ...secrets];
}

/** Only where two values part: of objects the members that differ. */
function leaves(field: string, before: unknown, after: unknown): readonly FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isEntry(before) || !isEntry(after)) return [{ field, before, after }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => leaves(`${field}.${name}`, before[name], after[name]));
}

const signs = { create: "+", update: "~", remove: "-" } as const;
const colours = { create: 32, update: 33, remove: 31 } as const;

/** The plan for people: `+` what is created, `~` what changes, `-` what is removed, and what is left to do by hand. */
export function diffText({ steps, byHand, same, others }: Plan, colour: boolean): string {
  const lines = steps.flatMap((step) => {
    const title = `${signs[step.do]} ${nameOf(step)}${comingWith(step)}`;
    const fields = changesOf(step).map((change) => `    ${changeText(change)}`);
    return [painted(title, colours[step.do], colour), ...fields.map(visibleText)];
  });
  const left = [
    ...byHand.map((what) => painted(`! ${what}`, colours.update, colour)),
    ...(others === 0
      ? []
      : [`Not in the document and left alone: ${noun(others)}. --prune removes what the document lacks.`]),
  ];
  return [...lines, ...left, summary(steps, same)].join("\n");
}

function comingWith(step: Step): string {
  return step.do === "create" && step.comesWith !== null ? `, which comes with ${step.comesWith}` : "";
}

/** `endpoints/orders`. */
export function nameOf({ kind, key }: Step): string {
  return `${kind.name}/${key}`;
}

/** The same for programs. */
export function planJson({ steps, byHand, same, others }: Plan, applied: boolean): Entry {
  const changes = steps.map((step) => ({ do: step.do, record: nameOf(step), fields: changesOf(step) }));
  return { applied, changes, byHand, same, others };
}

function changeText({ field, before, after }: FieldChange): string {
  const shown = after === undefined ? "(none)" : JSON.stringify(after);
  return before === undefined ? `${field}: ${shown}` : `${field}: ${JSON.stringify(before)} -> ${shown}`;
}

function summary(steps: readonly Step[], same: number): string {
  if (steps.length === 0) return `Nothing to change: ${noun(same)} as the document says.`;
  const count = (what: Step["do"]): number => steps.filter((step) => step.do === what).length;
  return `${count("create")} to create, ${count("update")} to change, ${count("remove")} to remove, ${same} as the document says.`;
}

function noun(count: number): string {
  return count === 1 ? "1 record" : `${count} records`;
}

/** The sequences are added to text that was made safe before. */
function painted(text: string, code: number, colour: boolean): string {
  return colour ? `\u001b[${code}m${visibleText(text)}\u001b[0m` : visibleText(text);
}
