import type { Ask } from "./ask.ts";
import { isEntry, refusal, type Complaint, type ConfigDocument, type Entry } from "./document.ts";
import type { Kind } from "./kind.ts";
import { liveRecords } from "./live.ts";
import { plannedRecord } from "./planned-record.ts";
import type { Step } from "./step.ts";
import { unknownText } from "./unknown-text.ts";

export type Plan = {
  readonly steps: readonly Step[];
  /** What no document can do. */
  readonly byHand: readonly string[];
  /** Records that are as the document says, and those it does not speak of. */
  readonly same: number;
  readonly others: number;
};

export type Planning = {
  readonly document: ConfigDocument;
  readonly kinds: readonly Kind[];
  readonly ask: Ask;
  readonly prune: boolean;
  readonly environment: (name: string) => string | undefined;
};

/** The version of the form of documents. */
export const form = 1;

/**
 * What is to be done so that the server is as the document says. Every step is tried by a dry run, so that what cannot be done
 * is known before anything is.
 *
 * @throws Failure invalid with every complaint and its place in the document; whatever else the server refuses with
 */
export async function planOf(planning: Planning): Promise<Plan> {
  const { document, kinds, ask, prune, environment } = planning;
  const complaints: Complaint[] = [...complaintsOfForm(document.value, kinds)];
  const steps: Step[] = [];
  const byHand: string[] = [];
  let same = 0;
  let others = 0;
  for (const kind of kinds) {
    const wanted = document.value[kind.name];
    if (wanted !== undefined && wanted !== null && !isEntry(wanted)) continue;
    const live = await liveRecords(kind, ask);
    for (const [key, entry] of Object.entries(wanted ?? {})) {
      const tried = await plannedRecord(kind, key, {
        entry,
        live: live.get(key),
        ask,
        environment,
      });
      complaints.push(...tried.complaints);
      byHand.push(...tried.byHand);
      if (tried.step === undefined) same++;
      else steps.push(tried.step);
    }
    const surplus = [...live].filter(([key]) => !Object.hasOwn(wanted ?? {}, key));
    // What a document does not speak of at all it does not want gone.
    if (prune && wanted !== undefined)
      steps.push(...surplus.map(([key, it]): Step => ({ do: "remove", kind, key, live: it })));
    else others += surplus.length;
  }
  if (complaints.length > 0) throw refusal(document, complaints);
  return { steps, byHand, same, others };
}

function complaintsOfForm(value: Entry, kinds: readonly Kind[]): readonly Complaint[] {
  const names = ["sluice", ...kinds.map(({ name }) => name)];
  const unknown = Object.keys(value).filter((name) => !names.includes(name));
  const flat = kinds.filter(
    ({ name }) => value[name] !== undefined && value[name] !== null && !isEntry(value[name]),
  );
  return [
    ...(value["sluice"] === form
      ? []
      : [
          {
            path: ["sluice"],
            message: `The document must say \`sluice: ${form}\`, the version of its form.`,
          },
        ]),
    ...unknown.map((name) => ({ path: [name], message: unknownText(name, names) })),
    ...flat.map(({ name }) => ({
      path: [name],
      message: `"${name}" must be a mapping of records by their key.`,
    })),
  ];
}
