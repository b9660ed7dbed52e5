import { byForm, runEnd } from "./detector.ts";

type Form = { readonly prefix: string; readonly run: RegExp; readonly least: number };

const letters = /[A-Za-z0-9]*/y;
const words = /\w*/y;
const dashed = /[\w-]*/y;

/** Keys that services mark by how they begin, and how many characters follow at least. */
const forms: readonly Form[] = [
  { prefix: "(?:sk|pk|rk)_(?:live|test)_", run: letters, least: 8 },
  { prefix: "whsec_", run: /[A-Za-z0-9+/=_-]*/y, least: 8 },
  { prefix: "gh[oprsu]_", run: letters, least: 16 },
  { prefix: "github_pat_", run: words, least: 16 },
  { prefix: "glpat-", run: dashed, least: 16 },
  { prefix: "xox[abeoprs]-", run: /[A-Za-z0-9-]*/y, least: 10 },
  { prefix: "xapp-", run: /[A-Za-z0-9-]*/y, least: 16 },
  { prefix: "A(?:KIA|SIA)", run: /[A-Z0-9]*/y, least: 16 },
  { prefix: "AIza", run: dashed, least: 30 },
  { prefix: "ya29\\.", run: dashed, least: 16 },
  { prefix: "GOCSPX-", run: dashed, least: 16 },
  { prefix: "sk-", run: dashed, least: 20 },
  { prefix: "npm_", run: letters, least: 30 },
  { prefix: "pypi-", run: dashed, least: 30 },
  { prefix: "shp(?:at|ss|ca|pa)_", run: letters, least: 16 },
  { prefix: "SG\\.", run: /[\w.-]*/y, least: 30 },
  { prefix: "hf_", run: letters, least: 30 },
  { prefix: "do[opr]_v1_", run: letters, least: 32 },
  { prefix: "[ms]k_(?=[A-Za-z0-9]{48})", run: letters, least: 48 },
];

const prefixes = forms.map(({ prefix }) => prefix).join("|");
const begins = forms.map(({ prefix }) => new RegExp(prefix, "y"));

/** API keys of well-known services. */
export const key = byForm(
  { trigger: prefixes, marks: "_-IG0123456789" },
  new RegExp(`(?<![A-Za-z0-9])(?:${prefixes})`, "g"),
  (text, { index }) => {
    for (const [n, { run, least }] of forms.entries()) {
      const begun = runEnd(text, index, begins[n] ?? run);
      if (begun === index) continue;
      const end = runEnd(text, begun, run);
      if (end - begun >= least) return [index, end];
    }
    return undefined;
  },
);

/** The rest of a text that was cut off within a key, or within a token that begins like a JWT. */
export const cutKey = new RegExp(`(?<![A-Za-z0-9])(?:${prefixes}|eyJ)[\\w.+/=-]{0,4096}$`);
