import { byForm } from "./detector.ts";

/** Characters of an IBAN by country (the registry of ISO 13616). */
const lengths: ReadonlyMap<string, number> = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 " +
    "FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 " +
    "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 " +
    "RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** International bank account numbers: the length that their country has, and a remainder of 1 (ISO 7064, mod 97-10). */
export const iban = byForm(
  { trigger: String.raw`[A-Z]{2}\d{2}[ -]?[A-Z0-9]{4}`, marks: "0123456789" },
  /(?<![A-Za-z0-9])[A-Z]{2}\d{2}/g,
  (text, { index, 0: head }) => {
    const length = lengths.get(head.slice(0, 2));
    if (length === undefined) return undefined;
    let compact = "";
    let at = index;
    for (; compact.length < length && /[A-Z0-9]/.test(text[at] ?? ""); at++) {
      compact += text[at];
      if (compact.length < length && /[ -]/.test(text[at + 1] ?? "")) at++;
    }
    const whole = compact.length === length && !/[A-Za-z0-9]/.test(text[at] ?? "");
    return whole && remainder(compact.slice(4) + compact.slice(0, 4)) === 1 ? [index, at] : undefined;
  },
);

/** Of 97, with letters as the numbers from 10 to 35. */
function remainder(text: string): number {
  let rest = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
