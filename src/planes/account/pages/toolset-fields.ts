import { planeNames, type PlaneName } from "../../../kernel/exchange.ts";
import type { Catalogue } from "../../../registry/catalogue.ts";
import { html, type Html } from "../../../registry/html.ts";
import type { Form } from "./page-request.ts";

/** As a person reads them. */
const told: Readonly<Record<PlaneName, readonly [title: string, does: string]>> = {
  webhooks: ["Webhooks", "Endpoints, their logs, tests and replays"],
  traffic: ["API traffic", "What was captured: search, figures and explanations"],
  pipeline: ["Product events", "Sources, destinations and what became of events"],
  models: ["Models", "Calls of AI providers"],
  tools: ["Hosted tools", "Tools that this server hosts"],
  account: ["Account", "Environments and buckets"],
};

/** A box for each toolset that has tools. What is chosen of the others goes along unseen: there will be some. */
export function toolsetFields({ operations }: Catalogue, chosen: readonly string[]): Html {
  const all = [...operations.values()].filter(({ reach }) => reach === "everywhere");
  const names = Object.keys(told).filter(isPlane);
  const boxes = names.map((name) => {
    const isChosen = chosen.includes(name);
    if (all.every(({ plane }) => plane !== name))
      return isChosen && html`<input type="hidden" name="${toolsetField(name)}" value="yes" />`;
    const [title, does] = told[name];
    return html`<label class="scope"
      ><input type="checkbox" name="${toolsetField(name)}" value="yes" ${isChosen && html` checked`} />
      <span>${title}<br /><span class="soft">${does}</span></span></label
    >`;
  });
  return html`${boxes}`;
}

/** Those that are ticked in such a form. */
export function chosenToolsets(form: Form): readonly PlaneName[] {
  return planeNames.filter((name) => form(toolsetField(name)) === "yes");
}

/** Of boxes with a line about each. */
export const boxesCss = `
.scope { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .7rem; align-items: start; font-weight: 600; margin: .6rem 0; }
.scope input { margin-top: .35rem; } .scope .soft { font-weight: 400; font-size: .875rem; }
`;

function toolsetField(name: PlaneName): string {
  return `toolset.${name}`;
}

function isPlane(name: string): name is PlaneName {
  return planeNames.some((it) => it === name);
}
