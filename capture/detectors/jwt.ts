import { byForm, runEnd } from "./detector.ts";

const rest = /[\w-]+(?:\.[\w-]*){0,4}/y;

/** Signed and encrypted tokens in the compact form (RFC 7515, RFC 7516), also without their signature. */
export const jwt = byForm({ trigger: "eyJ", marks: "J" }, /(?<![\w-])eyJ[\w-]{4}/g, (text, { index }) => {
  const end = runEnd(text, index, rest);
  const dot = text.indexOf(".", index);
  return dot !== -1 && dot < end - 4 ? [index, end] : undefined;
});
