import { LazyDfa } from "./lazy-dfa.ts";
import { type Instruction, program } from "./pattern-program.ts";
import { membership, union } from "./pattern-set.ts";
import { readPattern } from "./pattern-syntax.ts";
import { loops, pass, type Place, stateAt } from "./pattern-walk.ts";

/** A compiled regular expression whose matching takes time in proportion to the text. */
export type Pattern = {
  /** The first match that begins at `from` or later. */
  find(text: string, from: number): readonly [start: number, end: number] | undefined;
  test(text: string): boolean;
  /** Whether a match can begin with the UTF-16 unit. */
  begins(unit: number): boolean;
  /** Steps taken so far. A character takes at most twelve for each of the at most 1,000 parts of a pattern. */
  steps(): number;
};

/**
 * Compiles a regular expression, see `readPattern`. It finds what one of ECMAScript would, by following all
 * alternatives at once in their order, so that no text takes more than linear time.
 * @throws InvalidRule with the position of what is not supported
 */
export function compilePattern(source: string): Pattern {
  const instructions = program(readPattern(source));
  const [machine, dfa] = [new Machine(instructions), new LazyDfa(instructions)];
  return {
    find: (text, from) => (dfa.has(text, from) === false ? undefined : machine.find(text, from)),
    test: (text) => dfa.has(text, 0) ?? machine.find(text, 0) !== undefined,
    begins: machine.begins,
    steps: () => machine.steps + dfa.steps,
  };
}

/** Instructions that wait for the next character, in order of preference, and where their match began. */
type Threads = { readonly at: Int32Array; readonly start: Int32Array; count: number };

class Machine {
  steps = 0;
  readonly #program: readonly Instruction[];
  /** The round in which an instruction was last reached, for each loop that may have been entered. */
  readonly #reached: Int32Array;
  /** The round in which it was last put among the threads. */
  readonly #waits: Int32Array;
  readonly #stack: number[] = [];
  readonly #place: Place = { before: -1, after: -1 };
  readonly begins: (unit: number) => boolean;
  #round = 0;
  #threads: Threads;
  #next: Threads;

  constructor(instructions: readonly Instruction[]) {
    this.#program = instructions;
    this.#reached = new Int32Array(instructions.length * loops);
    this.#waits = new Int32Array(instructions.length);
    this.#threads = threads(instructions.length);
    this.#next = threads(instructions.length);
    this.begins = firstUnits(instructions);
  }

  find(text: string, from: number): readonly [number, number] | undefined {
    let found: readonly [number, number] | undefined;
    this.#threads.count = 0;
    this.#newRound();
    for (let at = from; at <= text.length; at++) {
      if (found === undefined) {
        if (this.#threads.count === 0) at = this.#skip(text, at);
        this.#follow(text, at, { instruction: 0, start: at });
      } else if (this.#threads.count === 0) break;
      found = this.#advance(text, at) ?? found;
    }
    return found;
  }

  /** From here on no match can begin before the position that is answered. */
  #skip(text: string, from: number): number {
    let at = from;
    while (at < text.length && !this.begins(text.charCodeAt(at))) at++;
    this.steps += at - from;
    if (at > from) this.#newRound();
    return at;
  }

  /** Lets the threads read the character; the match of the one that is preferred ends here, if it is complete. */
  #advance(text: string, at: number): readonly [number, number] | undefined {
    const { at: instructions, start, count } = this.#threads;
    const unit = text.charCodeAt(at);
    this.#next.count = 0;
    [this.#threads, this.#next] = [this.#next, this.#threads];
    this.#newRound();
    this.steps += count;
    for (let n = 0; n < count; n++) {
      const number = instructions[n] ?? 0;
      const instruction = this.#program[number];
      const begun = start[n] ?? 0;
      if (instruction?.kind === "match") return [begun, at];
      if (instruction?.kind === "read" && at < text.length && instruction.has(unit))
        this.#follow(text, at + 1, { instruction: number + 1, start: begun });
    }
    return undefined;
  }

  #newRound(): void {
    this.#round++;
    if (this.#round < 2 ** 31 - 1) return;
    this.#round = 1;
    this.#reached.fill(0);
    this.#waits.fill(0);
  }

  /** Adds all instructions that read, or match, and are reached from this one without reading. */
  #follow(text: string, at: number, from: { readonly instruction: number; readonly start: number }): void {
    const stack = this.#stack;
    this.#place.before = at > 0 ? text.charCodeAt(at - 1) : -1;
    this.#place.after = at < text.length ? text.charCodeAt(at) : -1;
    stack.push(stateAt(from.instruction));
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      if (this.#reached[state] === this.#round) continue;
      this.#reached[state] = this.#round;
      this.steps++;
      const number = Math.floor(state / loops);
      const instruction = this.#program[number];
      if (instruction === undefined) continue;
      if (instruction.kind === "read" || instruction.kind === "match") this.#wait(number, from.start);
      else pass(stack, state, instruction, this.#place);
    }
  }

  #wait(number: number, start: number): void {
    if (this.#waits[number] === this.#round) return;
    this.#waits[number] = this.#round;
    const place = this.#threads.count++;
    this.#threads.at[place] = number;
    this.#threads.start[place] = start;
  }
}

function threads(count: number): Threads {
  return { at: new Int32Array(count), start: new Int32Array(count), count: 0 };
}

/** Which characters a match can begin with; any, where it can be empty. */
function firstUnits(instructions: readonly Instruction[]): (unit: number) => boolean {
  const reached = new Set([0]);
  for (const number of reached) {
    const instruction = instructions[number];
    if (instruction?.kind === "match") return () => true;
    if (instruction === undefined || instruction.kind === "read") continue;
    if (instruction.kind === "fork") reached.add(instruction.or);
    reached.add("to" in instruction ? instruction.to : number + 1);
  }
  const sets = [...reached].map((number) => instructions[number]);
  return membership(union(sets.map((each) => (each?.kind === "read" ? each.set : []))));
}
