import { InvalidRule } from "./invalid-rule.ts";
import type { Assertion, PatternNode, Repeat } from "./pattern-syntax.ts";
import { membership, type UnitSet } from "./pattern-set.ts";

const instructionsMax = 1_000;
/** Repetitions in each other of what can match nothing. */
const emptyLoopsMax = 5;

/** `to` and `or` are the numbers of other instructions; of a fork, `to` is tried first. */
export type Instruction =
  | { readonly kind: "read"; readonly has: (unit: number) => boolean; readonly set: UnitSet }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "fork"; readonly to: number; readonly or: number }
  | { readonly kind: "jump"; readonly to: number }
  /** A repetition begins, and ends, that counts only when it has read something. */
  | { readonly kind: "enter" | "leave"; readonly loop: number }
  | { readonly kind: "match" };

/** What is not given leads to the next instruction. @throws InvalidRule for more than 1,000 instructions */
export function program(node: PatternNode): readonly Instruction[] {
  const written: Instruction[] = [];
  emit(written, node, 1);
  add(written, { kind: "match" });
  return written;
}

function add(written: Instruction[], instruction: Instruction): void {
  if (written.length >= instructionsMax)
    throw new InvalidRule(
      "",
      `The pattern is too large: with every repetition written out it may have ${instructionsMax} parts.`,
    );
  written.push(instruction);
}

function emit(written: Instruction[], node: PatternNode, loop: number): void {
  if (node.kind === "unit") add(written, { kind: "read", set: node.set, has: membership(node.set) });
  else if (node.kind === "assertion") add(written, { kind: "assert", assertion: node.assertion });
  else if (node.kind === "sequence") for (const part of node.nodes) emit(written, part, loop);
  else if (node.kind === "choice") emitChoice(written, node.nodes, loop);
  else emitRepeat(written, node, loop);
}

function emitChoice(written: Instruction[], nodes: readonly PatternNode[], loop: number): void {
  const ends: number[] = [];
  for (const [n, node] of nodes.entries()) {
    const fork = written.length;
    const last = n === nodes.length - 1;
    if (!last) add(written, { kind: "match" });
    emit(written, node, loop);
    if (last) break;
    ends.push(written.length);
    add(written, { kind: "match" });
    written[fork] = { kind: "fork", to: fork + 1, or: written.length };
  }
  for (const end of ends) written[end] = { kind: "jump", to: written.length };
}

function emitRepeat(written: Instruction[], { node, min, max, lazy }: Repeat, loop: number): void {
  for (let n = 0; n < min; n++) emit(written, node, loop);
  const forks: number[] = [];
  for (let n = min; n < (max === Infinity ? min + 1 : max); n++) {
    forks.push(written.length);
    add(written, { kind: "match" });
    emitIteration(written, node, loop);
  }
  const [again] = forks;
  if (max === Infinity && again !== undefined) add(written, { kind: "jump", to: again });
  const end = written.length;
  for (const fork of forks)
    written[fork] = { kind: "fork", to: lazy ? end : fork + 1, or: lazy ? fork + 1 : end };
}

/** ECMAScript lets an iteration that was not asked for count only when it is not empty. */
function emitIteration(written: Instruction[], node: PatternNode, loop: number): void {
  if (!canBeEmpty(node)) return emit(written, node, loop);
  if (loop > emptyLoopsMax)
    throw new InvalidRule(
      "",
      `At most ${emptyLoopsMax} repetitions in each other may be of what can be empty.`,
    );
  add(written, { kind: "enter", loop });
  emit(written, node, loop + 1);
  add(written, { kind: "leave", loop });
}

function canBeEmpty(node: PatternNode): boolean {
  if (node.kind === "unit") return false;
  if (node.kind === "assertion") return true;
  if (node.kind === "repeat") return node.min === 0 || canBeEmpty(node.node);
  return node.kind === "sequence" ? node.nodes.every(canBeEmpty) : node.nodes.some(canBeEmpty);
}
