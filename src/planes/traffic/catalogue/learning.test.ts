import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange } from "../../../kernel/exchange.ts";
import { Purity } from "../../../../test/purity.ts";
import { corpus, type Asked } from "../../../../test/route-corpus.ts";
import { arranged, keyOf, placed } from "./bucket-routes.ts";
import { learned } from "./learning.ts";
import { observationOf, statusOf } from "./observation.ts";
import type { Template } from "./route-template.ts";
import { lookedAt, newRoute, noted, type SeenRoute } from "./seen-route.ts";
import { templatesOf } from "./templates.ts";

const pathsAtATime = 1_000;
const routesMax = 600;
const looksWanted = 20;

/** Learns from requests as the upkeep does: some at a time, with a bounded number of routes. */
function learnedFrom(asked: readonly Asked[], overrides: readonly Template[] = []) {
  let list = [...overrides];
  let routes = new Map<string, SeenRoute>();
  for (let at = 0; at < asked.length; at += pathsAtATime) {
    const templates = templatesOf(list);
    for (const { exchange } of asked.slice(at, at + pathsAtATime)) {
      const { template, from, opens } = placed(exchange, templates);
      const key = keyOf({ method: exchange.method, template });
      const known = routes.get(key);
      if (known === undefined && (!opens || routes.size >= routesMax)) continue;
      const route = noted(known ?? newRoute(exchange, template, from), exchange);
      const { looked = 0 } = route.answers[statusOf(exchange)] ?? {};
      routes.set(key, looked < looksWanted ? lookedAt(route, observationOf(exchange)) : route);
    }
    for (const lesson of learned([...routes.values()], templates))
      list = [
        ...list.filter(({ template }) => template !== lesson.template),
        { bucket: "bkt_1", state: "learned", apart: [], ...lesson },
      ];
    routes = arranged(routes.values(), templatesOf(list));
  }
  return { templates: templatesOf(list), routes };
}

function templateOf(exchange: Exchange, templates: ReturnType<typeof templatesOf>): string {
  return `${exchange.method} ${placed(exchange, templates).template}`;
}

test("templates of 40,000 paths are learned with a purity of at least 99 %", (t) => {
  const asked = corpus(40_000);
  const { templates, routes } = learnedFrom(asked);
  const answered = asked.filter(({ truth }) => truth !== null);
  const measure = new Purity();
  for (const { exchange, truth } of answered) measure.add(templateOf(exchange, templates), truth ?? "");
  t.diagnostic(
    `${new Set(asked.map(({ exchange }) => exchange.path)).size} paths, ${measure.truths} true templates: ${measure.groups} groups, ${templates.list.length} learned, purity ${(measure.purity * 100).toFixed(2)} %, completeness ${(measure.completeness * 100).toFixed(2)} %`,
  );
  console.log([...routes.keys()].toSorted().join("\n"), templates.list);
  assert.equal(measure.truths, 66);
  assert.ok(measure.purity >= 0.99, `purity ${measure.purity}`);
  assert.ok(measure.completeness >= 0.97, `completeness ${measure.completeness}`);
  assert.ok(routes.size <= 2 * measure.truths, `${routes.size} routes`);
});
