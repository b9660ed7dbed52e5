import { byForm, runEnd } from "./detector.ts";

const credential = /[\w.~+/-]{8,}=*/y;

/** What follows `Bearer` or `Basic` in text and is no word. The scheme stays. */
export const bearer = byForm(
  { trigger: "(?:[Bb]earer|BEARER|[Bb]asic|BASIC) ", marks: "bB" },
  /(?<!\w)(?:bearer|basic) +(?=[\w.~+/-]{8})/gi,
  (text, { index, 0: scheme }) => {
    const start = index + scheme.length;
    const end = runEnd(text, start, credential);
    return /\d|[a-z][A-Z]|=$/.test(text.slice(start, Math.min(end, start + 200))) ? [start, end] : undefined;
  },
);
