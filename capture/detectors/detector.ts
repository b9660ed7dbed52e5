/** Start and end of what was found. */
export type Span = readonly [start: number, end: number];

/** Finds values by their form in text that is a value itself, never in a serialised document. */
export type Detector = {
  /** Source of an expression that matches somewhere in every text in which there is something to find. */
  readonly trigger: string;
  /** Characters of which every such text has one. */
  readonly marks: string;
  /** The first that begins at `from` or later. It looks at every character a bounded number of times. */
  find(text: string, from: number): Span | undefined;
};

/** A detector of what the expression, which has flag `g`, matches and `judge` does not throw out; it may move the ends. */
export function byForm(
  { trigger, marks }: Pick<Detector, "trigger" | "marks">,
  form: RegExp,
  judge: (text: string, found: RegExpExecArray) => Span | undefined,
): Detector {
  return {
    trigger,
    marks,
    find(text, from) {
      form.lastIndex = from;
      for (let found = form.exec(text); found !== null; found = form.exec(text)) {
        const span = judge(text, found);
        if (span !== undefined) return span;
      }
      return undefined;
    },
  };
}

/** Where the run of characters that the expression (with flag `y`) matches ends. */
export function runEnd(text: string, from: number, run: RegExp): number {
  run.lastIndex = from;
  return run.test(text) ? run.lastIndex : from;
}
