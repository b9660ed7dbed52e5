import { byForm } from "./detector.ts";

const end = /-----END [A-Z0-9 ]{0,40}-----/g;

/** Private keys in PEM (RFC 7468); one whose end is missing goes on to the end of the text. */
export const privateKey = byForm(
  { trigger: "-----BEGIN ", marks: "-" },
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/g,
  (text, { index }) => {
    end.lastIndex = index;
    const found = end.exec(text);
    return [index, found === null ? text.length : end.lastIndex];
  },
);
