import { byForm, runEnd } from "./detector.ts";

const domain = /(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/y;
const localCharactersMax = 64;

/** Addresses of mail. Not among the default rules: many an API is about people's addresses. */
export const email = byForm({ trigger: "@", marks: "@" }, /@/g, (text, { index }) => {
  const end = runEnd(text, index + 1, domain);
  let start = index;
  while (start > 0 && index - start < localCharactersMax && /[\w.%+'-]/.test(text[start - 1] ?? "")) start--;
  return end > index + 1 && start < index ? [start, end] : undefined;
});
