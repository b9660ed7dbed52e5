import { isDeepStrictEqual } from "node:util";
import type { Screen } from "./screen.ts";

/** Says something of the product that must be so, and checks it: `seen` is what was found, `expected` what must be. */
export type Claim = (text: string, seen: unknown, expected?: unknown) => void;

export type Claims = {
  readonly claim: Claim;
  /** What a program that made these claims says and exits with at its end; no claim at all proves nothing. */
  verdict(): { readonly text: string; readonly exitCode: 0 | 1 };
};

/** Claims are compared deeply and strictly, and all of them are checked: a false one does not hide the next. */
export function claims({ holds, fails }: Pick<Screen, "holds" | "fails">): Claims {
  let made = 0;
  let broken = 0;
  return {
    claim(text, seen, expected = true) {
      made += 1;
      if (isDeepStrictEqual(seen, expected)) return holds(text);
      broken += 1;
      fails(text, expected, seen);
    },
    verdict() {
      if (made === 0) return { text: "no claim was made", exitCode: 1 };
      if (broken > 0) return { text: `${made} claims, ${broken} false`, exitCode: 1 };
      return { text: `${made} claims, all true`, exitCode: 0 };
    },
  };
}
