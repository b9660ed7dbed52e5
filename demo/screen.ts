import { inspect, styleText } from "node:util";

/** How the demo tells its story: numbered steps with what is called, what comes of it, and what is claimed of it. */
export type Screen = {
  title(text: string): void;
  step(text: string): void;
  call(text: string): void;
  result(text: string): void;
  holds(text: string): void;
  fails(text: string, expected: unknown, seen: unknown): void;
};

const indent = " ".repeat(4);

/** Writes lines with `print`. They are coloured only where `styleText` finds a terminal and no NO_COLOR. */
export function screen(print: (line: string) => void): Screen {
  let steps = 0;
  let lastCall = "";
  return {
    title: (text) => print(styleText("bold", text)),
    step(text) {
      steps += 1;
      lastCall = "";
      print(styleText("bold", `${String(steps).padStart(2)}. ${text}`));
    },
    call(text) {
      // What is asked again and again, until the answer comes, is said once.
      if (text !== lastCall) print(`${indent}${styleText("cyan", `→ ${text}`)}`);
      lastCall = text;
    },
    result: (text) => print(`${indent}← ${text}`),
    holds: (text) => print(`${indent}${styleText("green", "✓")} ${text}`),
    fails(text, expected, seen) {
      print(`${indent}${styleText("red", `✗ ${text}`)}`);
      print(`${indent}  expected: ${brief(expected)}`);
      print(`${indent}  seen:     ${brief(seen)}`);
    },
  };
}

/** A value on one line, as one would write it in code. */
export function brief(value: unknown): string {
  const text = inspect(value, { breakLength: Infinity, compact: true, depth: 5, maxStringLength: 300 });
  return text.replaceAll(/\s*\n\s*/g, " ");
}
