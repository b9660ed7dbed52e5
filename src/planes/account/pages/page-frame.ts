import type { AnswerHeaders, RawAnswer } from "../../../engines/inbound/inbound.ts";
import { kinds, type Failure } from "../../../kernel/failure.ts";
import { retryAfter } from "../../../kernel/retry-after.ts";
import { html, type Html } from "../../../registry/html.ts";
import { renderedPage } from "../../../registry/page.ts";
import { settingCookies } from "../people/cookie.ts";
import { notice } from "./notice.ts";

type Shown = {
  /** Of the window, and the heading. */
  readonly title: string;
  readonly body: Html;
  /** More than one thing to do. */
  readonly wide?: boolean;
  /** What went wrong: it stands above the body and decides the status. */
  readonly failure?: Failure | undefined;
  readonly headers?: AnswerHeaders;
  /** Beyond that of every page. */
  readonly css?: string;
};

/** A page for people under the name of the product, with a card for the one thing to do unless it is wide. */
export function shown({ title, body, wide = false, failure, headers = {}, css = "" }: Shown): RawAnswer {
  const told = failure === undefined ? body : html`${notice(failure)}${body}`;
  const heading = html`<p class="brand">Sluice</p>`;
  const page = renderedPage({
    title: `${title} · Sluice`,
    css: frameCss + css,
    forms: ["'self'"],
    body: wide
      ? html`<main class="account">
          ${heading}
          <h1>${title}</h1>
          ${told}
        </main>`
      : html`<main class="narrow">
          ${heading}
          <div class="card">
            <h1>${title}</h1>
            ${told}
          </div>
        </main>`,
  });
  return {
    status: failure === undefined ? 200 : kinds[failure.kind].status,
    headers: { ...page.headers, ...retryAfter(failure?.detail.retryAfterMs), ...headers },
    body: page.text,
  };
}

/** To go on with GET. A browser follows it only to an address that the form's page allows. */
export function seeOther(path: string, cookies: readonly string[] = []): RawAnswer {
  const headers = { location: path, "cache-control": "no-store", ...settingCookies(cookies) };
  return { status: 303, headers, body: "" };
}

type Onward = { readonly title: string; readonly text: string; readonly cookies?: readonly string[] };

/** Goes on by itself, wherever to: browsers hold redirects that follow a form to what it may be sent to, which is here alone. */
export function onward(to: string, { title, text, cookies = [] }: Onward): RawAnswer {
  return shown({
    title,
    headers: { ...settingCookies(cookies), refresh: `0;url=${to}` },
    body: html`<p>${text}</p>
      <p><a href="${to}">Continue</a></p>`,
  });
}

const frameCss = `
.brand { font-weight: 700; letter-spacing: .02em; color: var(--accent); margin: 0 0 1rem; }
.account { max-width: 48rem; margin: 0 auto; padding: clamp(1.25rem, 5vh, 3rem) 1.25rem 3rem; }
.account section { border-top: 1px solid var(--line); padding: 1.5rem 0; }
.account section > :last-child { margin-bottom: 0; }
input[readonly] { background: none; color: var(--soft); }
.card form:last-child, .card p:last-child { margin-bottom: 0; }
.card button.whole, .card a.whole { width: 100%; display: block; text-align: center; }
a.whole {
  border: 1px solid var(--line); border-radius: 8px; padding: .55rem 1.1rem; color: var(--text);
  font-weight: 600; text-decoration: none;
}
a.whole.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
.or { display: flex; align-items: center; gap: .75rem; color: var(--soft); margin: 1.25rem 0; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.hint { color: var(--soft); font-size: .875rem; margin: -.6rem 0 1rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 0 0 1rem; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; min-width: 0; }
.rows { list-style: none; padding: 0; margin: 0 0 1rem; }
.rows li {
  display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; justify-content: space-between;
  padding: .65rem 0; border-bottom: 1px solid var(--line);
}
.rows li:last-child { border-bottom: 0; }
.rows li > :first-child { flex: 1 1 12rem; min-width: 0; } .rows .soft { font-size: .875rem; }
.role { font-size: .8125rem; border: 1px solid var(--line); border-radius: 99px; padding: .05rem .6rem; color: var(--soft); }
.account form.short { max-width: 24rem; }
.account button { font-size: .9375rem; padding: .4rem .9rem; }
.row { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; flex-wrap: wrap; }
`;
