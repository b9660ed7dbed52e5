import { plainName } from "./field-names.ts";
import { InvalidRule } from "./invalid-rule.ts";
import { fromOctets } from "./octets.ts";

const stepsMax = 32;

/** A step to a member by its plain name, to an element by its number, or to any of either. */
export type FieldStep = string | number | typeof anyChild;

export const anyChild = Symbol("any child");

export type FieldNode = { readonly children: Map<FieldStep, FieldNode>; rule: number };

/**
 * Reads a path from the root such as `$.user.card.number`, `$.items[*].pan`, `$['odd name'][0]` or `$.*.pin`.
 * @throws InvalidRule with the position of what is no step
 */
export function readFieldPath(source: string): readonly FieldStep[] {
  const steps: FieldStep[] = [];
  const step = /\.(?:(\*)|([^.[\]*]+))|\[(?:(\*)|(\d{1,6})|'([^']+)'|"([^"]+)")\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < source.length) {
    const { lastIndex } = step;
    const found = step.exec(source);
    if (found === null)
      throw new InvalidRule("", `At character ${lastIndex + 1}: a step is .name, .*, ['name'], [*] or [0].`);
    const [, everyMember, name, everyElement, number, single, double] = found;
    const any = everyMember !== undefined || everyElement !== undefined;
    steps.push(
      any ? anyChild : number === undefined ? plainName(name ?? single ?? double ?? "") : Number(number),
    );
  }
  if (steps.length === 0) throw new InvalidRule("", "The path names nothing below the root.");
  if (steps.length > stepsMax) throw new InvalidRule("", `A path has at most ${stepsMax} steps.`);
  return steps;
}

export function newFieldNode(): FieldNode {
  return { children: new Map(), rule: -1 };
}

export function addFieldPath(root: FieldNode, steps: readonly FieldStep[], rule: number): void {
  let node = root;
  for (const step of steps) {
    const child = node.children.get(step) ?? newFieldNode();
    node.children.set(step, child);
    node = child;
  }
  if (node.rule === -1) node.rule = rule;
}

type Nodes = readonly FieldNode[];
const nowhere: Nodes = [];
type Level = { readonly nodes: Nodes; readonly list: boolean; element: number };

/** Follows a scan through a document, as deep as paths go. */
export class FieldPosition {
  readonly #root: Nodes;
  readonly #levels: Level[] = [];
  /** Levels that are too deep for any path. */
  #deeper = 0;
  #here: Nodes;

  constructor(root: FieldNode) {
    this.#root = [root];
    this.#here = this.#root;
  }

  /** The rule about the value that comes next, or -1. */
  rule(): number {
    let least = -1;
    for (const { rule } of this.#here) if (rule >= 0 && (least === -1 || rule < least)) least = rule;
    return this.#levels.length > 0 ? least : -1;
  }

  open(list: boolean): void {
    if (this.#levels.length >= stepsMax) this.#deeper++;
    else {
      this.#levels.push({ nodes: this.#here, list, element: 0 });
      this.#here = list ? stepped(this.#here, 0) : nowhere;
    }
  }

  close(): void {
    if (this.#deeper > 0) this.#deeper--;
    else this.#levels.pop();
    this.#here = this.#levels.length === 0 ? this.#root : nowhere;
  }

  member(octets: string): void {
    const level = this.#levels.at(-1);
    if (level === undefined || this.#deeper > 0) return;
    this.#here = level.nodes.length === 0 ? nowhere : stepped(level.nodes, plainName(fromOctets(octets)));
  }

  comma(): void {
    const level = this.#levels.at(-1);
    if (level === undefined || this.#deeper > 0) return;
    level.element++;
    this.#here = level.list ? stepped(level.nodes, level.element) : nowhere;
  }
}

function stepped(nodes: Nodes, step: FieldStep): Nodes {
  let found: FieldNode[] | undefined;
  for (const { children } of nodes) {
    const [named, any] = [children.get(step), children.get(anyChild)];
    if (named !== undefined) (found ??= []).push(named);
    if (any !== undefined) (found ??= []).push(any);
  }
  return found ?? nowhere;
}

/** The rule about what these names lead to, as in `user[card][number]` of a form, or -1. */
export function ruleAtNames(root: FieldNode, names: readonly string[]): number {
  let nodes: Nodes = [root];
  for (const name of names)
    nodes = [
      ...stepped(nodes, plainName(fromOctets(name))),
      ...(/^\d{1,6}$/.test(name) ? stepped(nodes, Number(name)) : []),
    ];
  return nodes.find(({ rule }) => rule >= 0)?.rule ?? -1;
}
