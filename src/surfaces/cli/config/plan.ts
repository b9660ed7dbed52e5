import type { Progress } from "../../../registry/context.ts";
import type { Ask } from "../ask.ts";
import { isEntry, refusal, type Complaint, type ConfigDocument, type Entry } from "./document.ts";
import type { Kind } from "./kind.ts";
import { outlookOver } from "./outlook.ts";
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
  readonly progress: Progress;
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
  const { document, kinds, ask, prune, environment, progress } = planning;
  const complaints: Complaint[] = [...complaintsOfForm(document.value, kinds)];
  const outlook = outlookOver(kinds, ask);
  const made: Step[] = [];
  const removed: Step[] = [];
  const byHand: string[] = [];
  const sections = sectionsOf(document.value, kinds);
  const records = sections.reduce((sum, { wanted }) => sum + Object.keys(wanted).length, 0);
  let tried = 0;
  let same = 0;
  let others = 0;
  for (const { kind, wanted } of sections) {
    const live = await outlook.live(kind.name);
    const surplus = [...live.keys(), ...outlook.coming(kind.name).keys()].filter(
      (key) => !Object.hasOwn(wanted, key),
    );
    if (prune) for (const key of surplus) outlook.noteLeaving(kind, key);
    for (const [key, entry] of Object.entries(wanted)) {
      const asked = { entry, live: live.get(key), ask, outlook, environment };
      progress(tried++, records, "records compared");
      const planned = await plannedRecord(kind, key, asked);
      if (!live.has(key) && !outlook.coming(kind.name).has(key)) outlook.noteComing(kind, key);
      complaints.push(...planned.complaints);
      byHand.push(...planned.byHand);
      if (planned.step === undefined) same++;
      else made.push(planned.step);
    }
    if (prune)
      removed.unshift(...surplus.map((key): Step => ({ do: "remove", kind, key, live: live.get(key) })));
    else others += surplus.length;
  }
  if (complaints.length > 0) throw refusal(document, complaints);
  // What names another is made after it and removed before it.
  return { steps: [...made, ...removed], byHand, same, others };
}

/** What a document does not speak of at all it does not want gone. */
function sectionsOf(
  value: Entry,
  kinds: readonly Kind[],
): readonly { readonly kind: Kind; readonly wanted: Entry }[] {
  return kinds.flatMap((kind) => {
    const wanted = value[kind.name] ?? {};
    return kind.name in value && isEntry(wanted) ? [{ kind, wanted }] : [];
  });
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
