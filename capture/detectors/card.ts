import { byForm } from "./detector.ts";

const digitsMin = 13;
const digitsMax = 19;

/** Issuers by their first digits, with the lengths of their numbers (ISO/IEC 7812). */
const issuers: readonly (readonly [prefix: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(5[1-5]|2(22[1-9]|2[3-9]|[3-6]|7[01]|720))/, [16]],
  [/^3[47]/, [15]],
  [/^(6011|64[4-9]|65)/, [16, 19]],
  [/^35(2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^3(0[0-59]|[689])/, [14, 16, 19]],
  [/^(62|81)/, [16, 17, 18, 19]],
  [/^(5018|5020|5038|5893|6304|6759|676[1-3])/, [13, 14, 15, 16, 17, 18, 19]],
  [/^220[0-4]/, [16]],
];

/** Numbers of payment cards by issuer, length and Luhn's check digit; in groups with spaces or dashes, or in one. */
export const card = byForm(
  { trigger: String.raw`\d(?:[ -]?\d){12}`, marks: "0123456789" },
  /(?<![A-Za-z0-9]|\d\.)\d/g,
  (text, { index }) => {
    const end = longestCardEnd(text, index);
    return end === undefined ? undefined : [index, end];
  },
);

/** Whole groups of digits, the first of which begins at `start`, with one space or dash between. */
function longestCardEnd(text: string, start: number): number | undefined {
  let digits = "";
  let longest: number | undefined;
  for (let at = start; digits.length <= digitsMax && isDigit(text[at]); at++) {
    digits += text[at];
    if (isDigit(text[at + 1])) continue;
    if (isCardNumber(digits) && !/[A-Za-z]/.test(text[at + 1] ?? "")) longest = at + 1;
    if (text[at + 1] === " " || text[at + 1] === "-") at++;
  }
  return longest;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** Without separators. */
export function isCardNumber(digits: string): boolean {
  if (digits.length < digitsMin || digits.length > digitsMax || !luhn(digits)) return false;
  const lengths = issuers.find(([prefix]) => prefix.test(digits))?.[1];
  return lengths?.includes(digits.length) === true && !/^(\d)\1+$/.test(digits);
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let n = 0; n < digits.length; n++) {
    const digit = digits.charCodeAt(digits.length - 1 - n) - 48;
    const counted = n % 2 === 1 ? digit * 2 : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}
