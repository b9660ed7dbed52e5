import { hash } from "node:crypto";
import { Hono } from "hono";
import { html, type Html } from "../../../registry/html.ts";
import type { Operation } from "../../../registry/operation.ts";
import { renderedPage, type RenderedPage } from "../../../registry/page.ts";
import { isNamed } from "../entity-tag.ts";
import { tagOf, type About } from "../openapi.ts";
import { basics, basicTitles } from "./basics.ts";
import { operationSection, verb, wordsOf } from "./operation-section.ts";
import { hintsOf } from "./sample.ts";
import { referenceCss, referenceScript } from "./style.ts";

/** The REST API as a page for people, at `/reference`. Made once, when first asked for: the address may not be known before. */
export function referenceApp(operations: readonly Operation[], about: About): Hono {
  let made: (RenderedPage & { readonly tag: string }) | undefined;
  return new Hono().get("/reference", (c) => {
    made ??= tagged(reference(operations, about));
    const headers = { ...made.headers, etag: made.tag, "cache-control": "no-cache" };
    const known = c.req.header("if-none-match");
    if (known !== undefined && isNamed(made.tag, known)) return c.body(null, 304, headers);
    return c.body(made.text, 200, headers);
  });
}

function tagged(page: RenderedPage): RenderedPage & { readonly tag: string } {
  return { ...page, tag: `"${hash("sha256", page.text, "base64url")}"` };
}

/** The page: what holds for every call, then every operation, by plane. */
export function reference(operations: readonly Operation[], about: About): RenderedPage {
  const groups = [...Map.groupBy(operations, (it) => tagOf(it, about))];
  const hints = hintsOf(operations);
  return renderedPage({
    title: "Sluice REST API",
    css: referenceCss,
    script: referenceScript,
    body: html`<header class="top">
        <a class="brand" href="#start">Sluice <span>REST API ${about.version}</span></a>
        <a class="machine" href="/openapi.json">openapi.json</a>
      </header>
      <div class="columns">
        ${side(groups)}
        <main>
          <h1>REST API</h1>
          ${basics(about.publicUrl)}
          ${groups.map(
            ([group, list]) =>
              html`<div class="group" id="plane-${group}">
                <h2>${titled(group)}</h2>
                ${list.map((it) => operationSection(it, about.publicUrl, hints))}
              </div>`,
          )}
          <p class="nothing soft" hidden>No operation is named like this.</p>
        </main>
      </div>`,
  });
}

/** Folded on a phone, beside the text elsewhere. */
function side(groups: readonly (readonly [string, readonly Operation[]])[]): Html {
  return html`<nav aria-label="Operations">
    <input
      id="search"
      type="search"
      placeholder="Search operations ( / )"
      aria-label="Search operations"
      hidden
    />
    <details open>
      <summary>Contents</summary>
      <ul>
        ${basicTitles.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}
      </ul>
      ${groups.map(
        ([group, list]) =>
          html`<div class="list">
            <h2><a href="#plane-${group}">${titled(group)}</a></h2>
            <ul>
              ${list.map(
                (it) =>
                  html`<li data-find="${wordsOf(it)}">
                    <a href="#${it.name}"><span>${it.title}</span>${verb(it)}</a>
                  </li>`,
              )}
            </ul>
          </div>`,
      )}
    </details>
  </nav>`;
}

function titled(group: string): string {
  return group.charAt(0).toUpperCase() + group.slice(1);
}
