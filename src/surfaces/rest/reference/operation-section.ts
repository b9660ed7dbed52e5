import { z } from "zod";
import { kinds, type FailureKind } from "../../../kernel/failure.ts";
import { inputSchema, pathParameters } from "../../../registry/field.ts";
import { html, type Html } from "../../../registry/html.ts";
import { publicOutput, type Operation } from "../../../registry/operation.ts";
import { components } from "../openapi-components.ts";
import { headersTaken } from "../openapi.ts";
import { addressOf } from "../unknown-path.ts";
import { membersOf, type Member } from "./member.ts";
import { prose } from "./prose.ts";
import { curlOf, exampleAnswer, type Hints } from "./sample.ts";

/** Everything a person needs to call one operation. */
export function operationSection(it: Operation, publicUrl: string, hints: Hints): Html {
  const output = z.toJSONSchema(publicOutput(it), { io: "output" });
  return html`<section class="operation" id="${it.name}" data-find="${wordsOf(it)}">
    <div class="told">
      <h3><a href="#${it.name}">${it.title}</a></h3>
      <p class="address">${verb(it)} <code>${addressOf(it)}</code></p>
      <p>${prose(it.does)}</p>
      ${marks(it)} ${inputs(it)}
      ${table(
        "Answer",
        membersOf(output).filter(({ name }) => name !== "dryRun" && name !== "wouldChange"),
        false,
      )}
      ${errors(it)}
    </div>
    <div class="shown">
      <figure>
        <figcaption>Call</figcaption>
        <pre tabindex="0"><code>${curlOf(it, publicUrl)}</code></pre>
      </figure>
      <figure>
        <figcaption>Answer</figcaption>
        <pre tabindex="0"><code>${exampleAnswer(output, hints)}</code></pre>
      </figure>
    </div>
  </section>`;
}

/** The verb as a badge. */
export function verb(it: Operation): Html {
  return html`<span class="verb ${it.verb.toLowerCase()}">${it.verb}</span>`;
}

/** What a search finds it by. */
export function wordsOf(it: Operation): string {
  const fields = Object.keys(it.input.shape).join(" ");
  return `${it.name} ${it.name.replaceAll("_", " ")} ${it.title} ${it.verb} ${it.path} ${it.scope} ${fields}`.toLowerCase();
}

function marks(it: Operation): Html {
  const command = it.name.replaceAll("_", "-");
  const undo = it.effect === "change" ? (it.undoNone ?? null) : null;
  return html`<dl class="marks">
    <div>
      <dt>Scope</dt>
      <dd><code>${it.scope}</code></dd>
    </div>
    <div>
      <dt>Effect</dt>
      <dd>${effectOf(it)}</dd>
    </div>
    ${
      undo !== null &&
      html`<div>
        <dt>Undo</dt>
        <dd>not possible: ${undo}</dd>
      </div>`
    }
    <div>
      <dt>Command</dt>
      <dd><code>sluice ${command}</code></dd>
    </div>
    <div>
      <dt>MCP tool</dt>
      <dd>${it.reach === "people" ? "none, since it is for people" : html`<code>${it.name}</code>`}</dd>
    </div>
  </dl>`;
}

function effectOf(it: Operation): string {
  if (it.effect === "read") return "reads";
  const does = it.effect === "act" ? "does something in the world" : "changes configuration";
  return it.destructive ? `${does}, destructive` : does;
}

function inputs(it: Operation): Html {
  const parts = pathParameters(it.path);
  const all = membersOf(inputSchema(it)).map((member) =>
    parts.includes(member.name) ? { ...member, required: true } : member,
  );
  const queried = it.verb === "GET" || it.verb === "DELETE";
  return html`${table(
    "Path",
    all.filter(({ name }) => parts.includes(name)),
    true,
  )}
  ${table(
    queried ? "Query" : "Body (JSON)",
    all.filter(({ name }) => !parts.includes(name)),
    true,
  )}
  ${table("Headers", headersOf(it), false)}`;
}

function headersOf(it: Operation): readonly Member[] {
  return headersTaken(it).map((key) => {
    const { name, description } = components.parameters[key];
    return { name, required: false, type: "text", does: description, facts: [], within: [] };
  });
}

function table(title: string, members: readonly Member[], required: boolean): Html {
  if (members.length === 0) return html``;
  return html`<h4>${title}</h4>
    <ul class="members">
      ${members.map((it) => row(it, required))}
    </ul>`;
}

function row({ name, required, type, does, facts, within }: Member, marked: boolean): Html {
  return html`<li>
    <p class="head">
      <code class="name">${name}</code> <span class="type">${type}</span>
      ${marked && required && html`<span class="required">required</span>`}
    </p>
    ${
      (does !== "" || facts.length > 0) &&
      html`<p class="does">
        ${prose(does)} ${facts.length > 0 && html`<span class="facts">${prose(facts.join("; "))}</span>`}
      </p>`
    }
    ${
      within.length > 0 &&
      html`<details>
        <summary>${within.length === 1 ? "1 member" : `${within.length} members`}</summary>
        <ul class="members">
          ${within.map((each) => row(each, marked))}
        </ul>
      </details>`
    }
  </li>`;
}

function errors(it: Operation): Html {
  return html`<h4>Errors</h4>
    <p class="errors">
      ${failuresOf(it).map((kind) => html`<a href="#errors"><code>${kinds[kind].status} ${kind}</code></a> `)}
    </p>`;
}

/** What a call of it may be refused with, beyond bugs. */
function failuresOf(it: Operation): readonly FailureKind[] {
  const named = pathParameters(it.path).length > 0;
  const bodied = it.verb !== "GET";
  return [
    "invalid",
    "unauthenticated",
    "forbidden",
    ...(named ? (["not_found"] as const) : []),
    ...(it.effect === "read" ? [] : (["conflict"] as const)),
    ...(bodied ? (["too_large", "unsupported_media"] as const) : []),
    "limited",
    "unavailable",
  ];
}
