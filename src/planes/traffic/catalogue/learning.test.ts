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
  assert.equal(measure.truths, 66);
  assert.ok(measure.purity >= 0.99, `purity ${measure.purity}`);
  assert.ok(measure.completeness >= 0.97, `completeness ${measure.completeness}`);
  assert.ok(routes.size <= 2 * measure.truths, `${routes.size} routes`);
});

function said(template: string, state: Template["state"], apart: readonly string[] = []): Template {
  return { bucket: "bkt_1", template, state, apart: [...apart], unlike: [], kinds: [] };
}

test("what people split is not learned, and what they merged is theirs", () => {
  const asked = corpus(6_000);
  const split = learnedFrom(asked, [said("/blog/{slug}", "split")]);
  assert.equal(split.templates.list.filter(({ template }) => template.startsWith("/blog")).length, 1);
  assert.ok([...split.routes.keys()].filter((key) => key.startsWith("GET /blog/")).length > 100);
  const merged = learnedFrom(asked, [said("/v1/{resource}", "merged", ["users"])]);
  const below = [...merged.routes.keys()].filter((key) => /^GET \/v1\/[^/]+$/.test(key));
  assert.deepEqual(below.toSorted(), ["GET /v1/users", "GET /v1/{resource}"]);
  assert.deepEqual(
    merged.templates.list.find(({ template }) => template === "/v1/{resource}"),
    said("/v1/{resource}", "merged", ["users"]),
  );
});

test("a template is learned from ten siblings that answer alike, and not from nine", () => {
  const few = corpus(40_000)
    .filter(({ truth, exchange }) => truth === "GET /blog/{slug}" && exchange.status === 200)
    .filter(({ exchange }, i, all) => all.findIndex((it) => it.exchange.path === exchange.path) === i);
  assert.deepEqual(learnedFrom(few.slice(0, 9)).templates.list, []);
  assert.deepEqual(
    learnedFrom(few.slice(0, 10)).templates.list.map(({ template }) => template),
    ["/blog/{slug}"],
  );
});

test("what only scanners asked for is no route and makes no template", () => {
  const { routes, templates } = learnedFrom(corpus(20_000).filter(({ truth }) => truth === null));
  assert.equal(routes.size, 0);
  assert.deepEqual(templates.list, []);
});
