import type { Instruction } from "./pattern-program.ts";
import { membership, wordUnits } from "./pattern-set.ts";
import type { Assertion } from "./pattern-syntax.ts";

/** Loops in each other, and none: no loop of those that an iteration has to read something in was entered since. */
export const loops = 7;
const none = loops - 1;

/** The state that stands at an instruction, when what was read last is just behind. */
export function stateAt(instruction: number): number {
  return instruction * loops + none;
}

export const isWord = membership(wordUnits);

/** The UTF-16 units on both sides of a place in a text; -1 = its start or end. */
export type Place = { before: number; after: number };

/** Pushes the states that are reached without reading, the preferred one last. */
export function pass(stack: number[], state: number, instruction: Instruction, place: Place): void {
  const loop = state % loops;
  const next = Math.floor(state / loops) + 1;
  if (instruction.kind === "jump") stack.push(instruction.to * loops + loop);
  else if (instruction.kind === "enter") stack.push(next * loops + Math.min(loop, instruction.loop));
  else if (instruction.kind === "fork")
    stack.push(instruction.or * loops + loop, instruction.to * loops + loop);
  else if (instruction.kind === "leave" ? loop > instruction.loop : holds(instruction, place))
    stack.push(next * loops + loop);
}

function holds(instruction: Instruction, place: Place): boolean {
  return instruction.kind === "assert" && asserted[instruction.assertion](place);
}

const asserted: Readonly<Record<Assertion, (place: Place) => boolean>> = {
  start: ({ before }) => before === -1,
  end: ({ after }) => after === -1,
  edge: atEdge,
  no_edge: (place) => !atEdge(place),
};

function atEdge({ before, after }: Place): boolean {
  return isWord(before) !== isWord(after);
}
