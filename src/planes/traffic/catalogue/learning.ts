import { alike, isTelling, outlineOf, type Outline } from "./outline.ts";
import { apartMax, type Template } from "./route-template.ts";
import type { SeenRoute } from "./seen-route.ts";
import { parameterOf, type Templates } from "./templates.ts";

/** Siblings that answer alike are one parameter from so many on, */
export const siblingsMin = 10;
/** and siblings whose answers tell little, such as pages, from so many on. */
const siblingsUntoldMin = 50;
/** Names that so many siblings have below them, and this share of them, are names and not parameters. */
const sharedMin = 3;
const sharedShare = 0.2;
const levelsBelow = 3;
const parameter = "{slug}";

/** What was learned of one place, to be made or to be changed. */
export type Lesson = Pick<Template, "template" | "unlike" | "kinds">;

/** One segment of paths, and what is below it. */
type Node = { readonly routes: SeenRoute[]; readonly below: Map<string, Node> };

/**
 * Where a segment stands for many things: at least `siblingsMin` siblings answer in the same shape. Learned from routes that
 * no framework named, in the order from the beginning of paths to their end.
 */
export function learned(routes: readonly SeenRoute[], templates: Templates): readonly Lesson[] {
  const root: Node = { routes: [], below: new Map() };
  for (const route of routes) if (route.from !== "framework") put(root, route);
  const lessons: Lesson[] = [];
  const first = root.below.get("");
  if (first !== undefined) learnBelow(first, [""], { templates, lessons });
  return lessons;
}

function put(root: Node, route: SeenRoute): void {
  let node = root;
  for (const segment of route.template.split("/")) node = childOf(node, segment);
  node.routes.push(route);
}

function childOf({ below }: Node, segment: string): Node {
  const known = below.get(segment) ?? { routes: [], below: new Map() };
  below.set(segment, known);
  return known;
}

type Learning = { readonly templates: Templates; readonly lessons: Lesson[] };

function learnBelow(node: Node, before: readonly string[], learning: Learning): void {
  const it = learning.templates.after(before);
  // What people said stands.
  const lesson = it === undefined || it.state === "learned" ? lessonOf(node, before, it) : undefined;
  if (lesson !== undefined) {
    learning.lessons.push(lesson.told);
    mergeInto(node, lesson.name, lesson.members);
  }
  for (const [segment, child] of node.below) learnBelow(child, [...before, segment], learning);
}

type Found = { readonly told: Lesson; readonly name: string; readonly members: readonly string[] };

function lessonOf(node: Node, before: readonly string[], known: Template | undefined): Found | undefined {
  const name = known === undefined ? parameter : parameterOf(known);
  const open = [...node.below.keys()].filter((it) => it !== "" && !(known?.apart.includes(it) ?? false));
  const names = known === undefined ? open : [name, ...open.filter((it) => it !== name)];
  const evidence = evidenceOf(node, names);
  const group = groupAmong(evidence, names, known === undefined ? undefined : name);
  const members = group.filter((it) => it !== name);
  if (members.length === 0) return undefined;
  const kinds = members.filter((it) => it.startsWith("{"));
  const told = new Set([...evidence.values()].flatMap((list) => list.map(([it]) => it)));
  const rest = open.filter((it) => !it.startsWith("{") && !group.includes(it) && told.has(it));
  return {
    name,
    members,
    told: {
      template: [...before, name].join("/"),
      unlike: rest.slice(0, apartMax),
      kinds: [...new Set([...(known?.kinds ?? []), ...kinds])].toSorted(),
    },
  };
}

/** The largest group of siblings that is large enough, or the one that a parameter there is already has. */
function groupAmong(
  evidence: Evidence,
  names: readonly string[],
  known: string | undefined,
): readonly string[] {
  const literal = names.filter((it) => !it.startsWith("{")).length;
  if (known === undefined && literal < siblingsMin) return [];
  const groups = [...evidence.values()]
    .flatMap((list) => groupsIn(list))
    .map(({ members, least }) => ({
      members: withoutContradiction(members, evidence),
      least,
    }));
  const chosen =
    known === undefined
      ? groups.filter(({ members, least }) => members.filter((it) => !it.startsWith("{")).length >= least)
      : groups.filter(({ members, least }) => members.includes(known) && least === siblingsMin);
  return chosen.toSorted((a, b) => b.members.length - a.members.length)[0]?.members ?? [];
}

function groupsIn(list: Answers) {
  const telling = list.filter(([, outline]) => isTelling(outline));
  const untold = list.filter(([, outline]) => !isTelling(outline));
  const pages = [...Map.groupBy(untold, ([, { all }]) => [...all].toSorted().join()).values()];
  return [
    ...alike(telling).map((members) => ({ members: [...new Set(members)], least: siblingsMin })),
    ...pages.map((group) => ({
      members: [...new Set(group.map(([name]) => name))],
      least: siblingsUntoldMin,
    })),
  ];
}

/** Those of one mind: who answers something else otherwise than most of the others do is none of them. */
function withoutContradiction(members: readonly string[], evidence: Evidence): readonly string[] {
  let left = members;
  for (const list of evidence.values()) {
    const telling = list.filter(([name, outline]) => left.includes(name) && isTelling(outline));
    const groups = alike(telling).map((group) => new Set(group));
    const [most, ...others] = groups.toSorted((a, b) => b.size - a.size);
    const against = others
      .reduce((all, it) => all.union(it), new Set<string>())
      .difference(most ?? new Set());
    left = left.filter((name) => !against.has(name));
  }
  return left;
}

type Answers = readonly (readonly [name: string, outline: Outline])[];
/** By the method and by what was asked below siblings. */
type Evidence = ReadonlyMap<string, Answers>;

function evidenceOf(node: Node, names: readonly string[]): Evidence {
  const shared = sharedBelow(node, names);
  const list = names.flatMap((name) => {
    const child = node.below.get(name);
    return child === undefined
      ? []
      : answersBelow(child, "", shared, levelsBelow).map((it) => ({ ...it, name }));
  });
  const byPlace = Map.groupBy(list, ({ place }) => place);
  return new Map(
    [...byPlace].map(([place, found]) => [place, found.map(({ name, outline }) => [name, outline] as const)]),
  );
}

/** Names that many siblings have below them: `/shops/{slug}/products` is known by `products`. */
function sharedBelow(node: Node, names: readonly string[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const name of names)
    for (const below of node.below.get(name)?.below.keys() ?? [])
      counts.set(below, (counts.get(below) ?? 0) + 1);
  const least = Math.max(sharedMin, sharedShare * names.length);
  return new Set([...counts].filter(([, count]) => count >= least).map(([name]) => name));
}

type Told = { readonly place: string; readonly outline: Outline };

function answersBelow(
  { routes, below }: Node,
  at: string,
  shared: ReadonlySet<string>,
  levels: number,
): readonly Told[] {
  const own = routes.flatMap((route) => {
    const outline = outlineOfAnswers(route);
    return outline === undefined ? [] : [{ place: `${route.method} ${at}`, outline }];
  });
  if (levels === 0) return own;
  const others = [...below].flatMap(([name, child]) => {
    const told = shared.has(name) ? name : "*";
    return answersBelow(child, `${at}/${told}`, shared, levels - 1);
  });
  return [...own, ...others];
}

/** Of what it answers when all is well; undefined = nothing was looked at yet. */
function outlineOfAnswers({ answers }: SeenRoute): Outline | undefined {
  const well = Object.entries(answers).filter(([status, { looked }]) => /^[123]/.test(status) && looked > 0);
  const [best] = well.toSorted(([, a], [, b]) => b.looked - a.looked);
  if (best === undefined) return undefined;
  const [status, { shape, types }] = best;
  const outline = shape === null ? undefined : outlineOf(shape);
  if (outline !== undefined && isTelling(outline)) return outline;
  const little = new Set([`${status} ${Object.keys(types).join()}`, ...(outline?.all ?? [])]);
  return { all: little, always: little };
}

function mergeInto(node: Node, name: string, members: readonly string[]): void {
  for (const member of members) {
    const child = node.below.get(member);
    node.below.delete(member);
    if (child !== undefined) add(childOf(node, name), child);
  }
}

function add(to: Node, { routes, below }: Node): void {
  to.routes.push(...routes);
  for (const [name, child] of below) add(childOf(to, name), child);
}
