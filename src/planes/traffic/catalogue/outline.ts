import { isBelow, partsByPlace, type Shape } from "./shape.ts";

/** Of what each place in bodies holds, such as `data[].id string`: what they are compared by. */
export type Outline = {
  /** Of any of them. */
  readonly all: ReadonlySet<string>;
  /** Of each of them. */
  readonly always: ReadonlySet<string>;
};

/** Fewer places tell nothing: `{"ok":true}` is answered by anything. */
const placesMin = 3;
/** Of a body's places, those that the others must have too. */
const shareMin = 0.7;
const commonMin = 2;

export function outlineOf(shape: Shape): Outline {
  const all = new Set<string>();
  const always = new Set<string>();
  let optional: string | undefined;
  for (const [place, { field, shape: part }] of partsByPlace(shape)) {
    const told = part.kinds.filter((kind) => kind !== "null");
    if (told.length === 0) continue;
    const line = `${place} ${told.join("|").replace("integer|number", "number")}`;
    all.add(line);
    // What is below something optional is as optional; it comes right after.
    if (optional !== undefined && !isBelow(place, optional)) optional = undefined;
    if (optional === undefined && (field?.always ?? true)) always.add(line);
    else optional ??= place;
  }
  return { all, always };
}

export function isTelling({ all }: Outline): boolean {
  return all.size >= placesMin;
}

type Group<T> = { readonly members: T[]; outline: Outline };

/** Those that are alike together, each in one group; the order matters little. */
export function alike<T>(
  list: readonly (readonly [member: T, outline: Outline])[],
): readonly (readonly T[])[] {
  const groups: Group<T>[] = [];
  for (const [member, outline] of list) take(groups, { members: [member], outline });
  const together: Group<T>[] = [];
  // What optional fields held apart at first is known by more of them by now.
  for (const group of groups.toSorted((a, b) => b.members.length - a.members.length)) take(together, group);
  return together.map(({ members }) => members);
}

function take<T>(groups: Group<T>[], one: Group<T>): void {
  const group = groups.find(({ outline }) => fits(one.outline, outline));
  if (group === undefined) {
    groups.push(one);
    return;
  }
  group.members.push(...one.members);
  group.outline = {
    all: group.outline.all.union(one.outline.all),
    always: group.outline.always.intersection(one.outline.always),
  };
}

function fits(one: Outline, { all, always }: Outline): boolean {
  const shared = one.all.intersection(all).size;
  const inCommon = one.always.intersection(always).size;
  const least = shareMin * Math.min(one.always.size, always.size);
  return shared >= shareMin * one.all.size && inCommon >= Math.max(commonMin, least);
}

/** Whether a body may be one of others: half of what it has is theirs. */
export function isOf({ all }: Outline, others: Outline): boolean {
  return all.intersection(others.all).size * 2 >= all.size;
}
