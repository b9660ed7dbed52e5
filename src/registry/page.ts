import { createHash } from "node:crypto";
import { html, htmlText, type Html } from "./html.ts";

/** A page for people that the server renders. It loads nothing: what it needs stands in it. */
export type Page = {
  readonly title: string;
  /** `<main class="narrow">` for one thing to do, such as signing in; wide otherwise. */
  readonly body: Html;
  /** Beyond the rules of every page. */
  readonly css?: string;
  /** Text of a program, never made from what others wrote. The page is complete without it. */
  readonly script?: string;
  /**
   * What its forms may be sent to and, since browsers hold redirects to the same list, where the answer may lead: origins,
   * schemes such as `cursor:`, or 'self' in single quotes. None unless given.
   */
  readonly forms?: readonly string[];
};

/** What to answer with. The text is the same for the same page. */
export type RenderedPage = { readonly text: string; readonly headers: Readonly<Record<string, string>> };

/**
 * The whole document and its headers. Of styles and scripts exactly its own are allowed to run, by their hashes, and no
 * other site may frame it. It is kept by no cache unless the caller says otherwise in `cache-control`.
 */
export function renderedPage({ title, body, css = "", script = "", forms = [] }: Page): RenderedPage {
  const style = pageCss + css;
  const closed = [style, script].some((text) => /<\/(style|script)/i.test(text));
  if (closed) throw new Error("a style or script of a page contains an end tag");
  const lines = [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    htmlText(html`<title>${title}</title>`),
    `<link rel="icon" href="${icon}">`,
    `<style>${style}</style></head><body>`,
    htmlText(body),
    ...(script === "" ? [] : [`<script>${script}</script>`]),
    "</body></html>",
    "",
  ];
  return {
    text: lines.join("\n"),
    headers: { ...headers, "content-security-policy": policy({ style, script, forms }) },
  };
}

const headers = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

function policy(own: {
  readonly style: string;
  readonly script: string;
  readonly forms: readonly string[];
}): string {
  return [
    "default-src 'none'",
    `style-src ${hashOf(own.style)}`,
    `script-src ${own.script === "" ? "'none'" : hashOf(own.script)}`,
    "img-src data:",
    `form-action ${own.forms.length === 0 ? "'none'" : own.forms.join(" ")}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 5q3.5-3 7 0t7 0M1 11q3.5-3 7 0t7 0' fill='none' stroke='%230a7ea4' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E";

/** Colours as variables, so that pages follow the light or dark that the reader prefers; elements, `.narrow`, `.card`, `.notice`. */
const pageCss = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f5f7f9; --line: #dfe4ea; --text: #1c2733; --soft: #566372;
  --accent: #0a6c8e; --on-accent: #ffffff; --code: #f0f3f6;
  --good: #1a7f4b; --warn: #94600a; --bad: #b3261e; --focus: #2f9fc4;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10161c; --panel: #171f27; --line: #2b3641; --text: #dde5ec; --soft: #98a6b3;
    --accent: #5cc0e2; --on-accent: #08212b; --code: #1b252e;
    --good: #5fce92; --warn: #e2b25a; --bad: #ff8f86; --focus: #5cc0e2;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
h1, h2, h3 { line-height: 1.25; margin: 0 0 .5em; text-wrap: balance; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; } h3 { font-size: 1rem; }
p, ul, ol { margin: 0 0 1em; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
code, pre { font-family: var(--mono); font-size: .875em; }
code { background: var(--code); border-radius: 4px; padding: .1em .3em; }
pre { background: var(--code); border-radius: 8px; padding: .8rem 1rem; margin: 0 0 1em; overflow-x: auto; line-height: 1.5; }
pre code { background: none; padding: 0; font-size: 1em; }
.narrow { max-width: 27rem; margin: 0 auto; padding: clamp(1.5rem, 10vh, 6rem) 1.25rem 2rem; }
.card { border: 1px solid var(--line); border-radius: 12px; padding: 1.5rem; background: var(--panel); }
.soft { color: var(--soft); }
.notice { border-left: 3px solid var(--accent); padding: .5rem .9rem; margin: 0 0 1em; background: var(--code); border-radius: 0 8px 8px 0; }
.notice.bad { border-color: var(--bad); }
label { display: block; font-weight: 600; margin: 0 0 .3em; }
input:not([type=checkbox], [type=radio], [type=hidden]), select, textarea {
  width: 100%; font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line);
  border-radius: 8px; padding: .55rem .75rem; margin: 0 0 1em;
}
input[type=checkbox], input[type=radio] { accent-color: var(--accent); }
fieldset { border: 1px solid var(--line); border-radius: 8px; margin: 0 0 1em; padding: .75rem 1rem; }
button {
  font: inherit; font-weight: 600; cursor: pointer; border-radius: 8px; padding: .55rem 1.1rem;
  border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent);
}
button.plain { background: none; color: var(--text); border-color: var(--line); }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;
