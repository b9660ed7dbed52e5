import type { Instruction } from "./pattern-program.ts";
import { isWord, loops, pass, stateAt } from "./pattern-walk.ts";

const asciiEnd = 128;
/** What is kept; beyond, all is forgotten and made again as texts need it. */
const statesMax = 256;
const instructionsMax = 20_000;
const unitsMax = 1_000;
/** Making a step costs so much credit, and a text without a match brings as much as it is long. Without credit none is made. */
const stepCost = 10;
const creditMax = 50_000;
const none = -1;

/** What is known at one place of a text: the instructions that may read what comes, and what was read last. */
type State = {
  readonly instructions: readonly number[];
  /** A word's unit or another, or none at the start. */
  readonly before: number;
  /** By what is read, from none on. */
  readonly ascii: (State | Found | undefined)[];
  readonly others: Map<number, State | Found>;
};
type Found = typeof found;
const found = Symbol("a match");

const wordUnit = 0x61;
const otherUnit = 0x20;

/**
 * Tells whether there is a match, by steps from state to state that are made where texts lead to for the first time, and looked up
 * from then on (a lazy DFA, as in RE2). It gives texts up that lead to ever new states: to make those takes longer than to do without.
 */
export class LazyDfa {
  steps = 0;
  readonly #program: readonly Instruction[];
  readonly #states = new Map<string, State>();
  readonly #stack: number[] = [];
  #instructions = 0;
  #units = 0;
  #credit = creditMax;

  constructor(program: readonly Instruction[]) {
    this.#program = program;
  }

  /** Whether a match begins at `from` or later; undefined = given up. */
  has(text: string, from: number): boolean | undefined {
    let state = this.#stateBehind([], from === 0 ? none : text.charCodeAt(from - 1));
    for (let at = from; at <= text.length; at++) {
      const unit = at < text.length ? text.charCodeAt(at) : none;
      const known = unit < asciiEnd ? state.ascii[unit - none] : state.others.get(unit);
      if (known === undefined && this.#credit <= 0) return undefined;
      const next = known ?? this.#step(state, unit);
      if (next === found) return true;
      state = next;
    }
    this.#credit = Math.min(this.#credit + text.length - from, creditMax);
    return false;
  }

  #step(state: State, unit: number): State | Found {
    this.#credit -= stepCost;
    const next = this.#reached(state, unit);
    if (unit < asciiEnd) state.ascii[unit - none] = next;
    else if (this.#units++ < unitsMax) state.others.set(unit, next);
    return next;
  }

  #reached({ instructions, before }: State, unit: number): State | Found {
    const stack = this.#stack;
    stack.length = 0;
    // A match may begin anywhere.
    for (const instruction of [...instructions, 0]) stack.push(stateAt(instruction));
    const reached = new Set<number>();
    const behind = new Set<number>();
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      this.steps++;
      const number = Math.floor(at / loops);
      const instruction = this.#program[number];
      if (instruction?.kind === "match") return found;
      if (instruction?.kind === "read") {
        if (unit !== none && instruction.has(unit)) behind.add(number + 1);
      } else if (instruction !== undefined) pass(stack, at, instruction, { before, after: unit });
    }
    return this.#stateBehind([...behind], unit);
  }

  #stateBehind(instructions: readonly number[], unit: number): State {
    const before = unit === none ? none : isWord(unit) ? wordUnit : otherUnit;
    const sorted = instructions.toSorted((a, b) => a - b);
    const key = `${before} ${sorted.join()}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const full = this.#states.size >= statesMax || this.#instructions >= instructionsMax;
    if (full || this.#units >= unitsMax) this.#forget();
    const state = { instructions: sorted, before, ascii: [], others: new Map() };
    this.#states.set(key, state);
    this.#instructions += sorted.length;
    return state;
  }

  #forget(): void {
    this.#states.clear();
    this.#instructions = 0;
    this.#units = 0;
  }
}
