import type { RecordChange } from "../../../engines/store/store.ts";
import type { Exchange } from "../../../kernel/exchange.ts";
import { newId } from "../../../kernel/id.ts";
import type { Engines } from "../../../registry/engines.ts";
import { plainChange } from "../../../registry/plain-change.ts";
import { arranged, keyOf, placed, strayFrom } from "./bucket-routes.ts";
import { driftIn, driftOf, routeDrift, statusDrift, type Drift } from "./drift.ts";
import { driftChanges, routeChanges, routesMax, type KeptCatalogue } from "./kept-catalogue.ts";
import { learned, type Lesson } from "./learning.ts";
import { clientOf, observationOf, statusOf } from "./observation.ts";
import { placeOf, routeTemplate, templatesMax, type Template } from "./route-template.ts";
import { lookedAt, newRoute, noted, type SeenRoute } from "./seen-route.ts";
import { templatesOf, type Templates } from "./templates.ts";

/** Exchanges whose content is looked at, of a route and a status: as long as little is known, and in each round from then on. */
const looksWanted = 40;
const looksAgain = 2;
const driftsPerRound = 100;
/** A bucket that is known for less is being learned: all its routes are new. */
const learningMs = 3_600_000;

/** What of a round is left: exchanges, and those whose content is read. */
export type Budget = { rows: number; looks: number };

/** What a commit of the server itself has, unless it says otherwise. */
export const byItself = {
  actor: { kind: "system", id: "catalogue" },
  operation: "catalogue_routes",
  records: [],
  entries: [],
  outbox: [],
  audit: null,
} as const;

type Kept = { readonly workspace: string; readonly id: string; readonly kept: KeptCatalogue };

/** One bucket in one round: what is known of it as it grows. */
export class BucketRound {
  readonly #engines: Engines;
  readonly #kept: Kept;
  readonly #drifts: Drift[] = [];
  readonly #looks = new Map<string, number>();
  readonly #isNew: boolean;
  #templates: Templates;
  #routes: Map<string, SeenRoute>;

  constructor(engines: Engines, given: Kept) {
    this.#engines = engines;
    this.#kept = given;
    this.#templates = given.kept.templates;
    this.#routes = new Map(given.kept.routes);
    const firstAt = [...this.#routes.values()].reduce((least, it) => Math.min(least, it.firstAt), Infinity);
    this.#isNew = engines.clock.now() - firstAt < learningMs || firstAt === Infinity;
  }

  async take(rows: readonly Exchange[], budget: Budget): Promise<void> {
    for (const row of rows) await this.#takeOne(row, budget);
    this.#learn();
  }

  async #takeOne(row: Exchange, budget: Budget): Promise<void> {
    const { template, from, opens } = placed(row, this.#templates);
    const key = keyOf({ method: row.method, template });
    const known = this.#routes.get(key);
    if (known === undefined && (!opens || this.#routes.size >= routesMax)) return;
    const status = statusOf(row);
    const route = noted(known ?? newRoute(row, template, from), row);
    this.#routes.set(key, route);
    const seenIn = { id: row.id, at: row.startedAt, client: clientOf(row) };
    if (known === undefined && !this.#isNew) this.#note(driftOf(route, routeDrift("route_added"), seenIn));
    if (known !== undefined)
      for (const it of statusDrift(known, route, status)) this.#note(driftOf(route, it, seenIn));
    if (!this.#wantsLook(key, status, route, budget)) return;
    const whole = await this.#engines.ledger.get(this.#kept.workspace, { id: row.id });
    if (whole !== undefined) this.#look(whole, key, route);
  }

  #wantsLook(key: string, status: string, { answers }: SeenRoute, budget: Budget): boolean {
    const place = `${key} ${status}`;
    const now = this.#looks.get(place) ?? 0;
    const { looked = 0 } = answers[status] ?? {};
    if (budget.looks <= 0 || (looked >= looksWanted && now >= looksAgain)) return false;
    budget.looks--;
    this.#looks.set(place, now + 1);
    return true;
  }

  #look(whole: Exchange, key: string, route: SeenRoute): void {
    const seen = observationOf(whole);
    const stray = strayFrom(route, whole, seen, this.#templates);
    if (stray !== undefined) {
      this.#setTemplates(withLesson(this.#templates.list, this.#kept.id, stray));
      const { template, from } = placed(whole, this.#templates);
      const own = lookedAt(noted(newRoute(whole, template, from), whole), seen);
      if (this.#routes.size < routesMax) this.#routes.set(keyOf(own), own);
      return;
    }
    const next = lookedAt(route, seen);
    this.#routes.set(key, next);
    for (const it of driftIn(route, next, seen)) this.#note(it);
  }

  #learn(): void {
    const lessons = learned([...this.#routes.values()], this.#templates);
    if (lessons.length === 0) return;
    const known = new Set(this.#templates.list.map(({ template }) => placeOf(template)));
    this.#setTemplates(
      lessons.reduce((list, it) => withLesson(list, this.#kept.id, it), this.#templates.list),
    );
    this.#routes = arranged(this.#routes.values(), this.#templates);
    const news = lessons.filter(({ template }) => !known.has(placeOf(template))).map((it) => it.template);
    for (const route of this.#routes.values())
      if (!this.#isNew && news.includes(route.template))
        this.#note(
          driftOf(route, routeDrift("route_learned"), {
            id: route.example,
            at: this.#engines.clock.now(),
            client: null,
          }),
        );
  }

  #setTemplates(list: readonly Template[]): void {
    this.#templates = templatesOf(list);
  }

  #note(drift: Drift): void {
    if (this.#drifts.length < driftsPerRound) this.#drifts.push(drift);
  }

  /** @throws Failure conflict when people said something about its templates meanwhile */
  async commit(): Promise<void> {
    const { store, clock } = this.#engines;
    const { workspace, id, kept } = this.#kept;
    await store.commit({
      workspace,
      at: clock.now(),
      ...byItself,
      records: this.#records(),
      entries: [...routeChanges(id, kept.stored, this.#routes), ...driftChanges(id, this.#drifts)],
    });
  }

  #records(): readonly RecordChange[] {
    const { kept } = this.#kept;
    const byPlace = new Map(kept.records.map((row) => [placeOf(row.value.template), row]));
    return this.#templates.list.flatMap((value) => {
      const row = byPlace.get(placeOf(value.template));
      if (row?.value === value) return [];
      const { kind, prefix, keys, indexes } = routeTemplate;
      const places = { keys: keys(value), indexes: indexes(value) };
      return [
        plainChange({ kind, id: row?.id ?? newId(prefix), expected: row?.version ?? 0, value, ...places }),
      ];
    });
  }
}

/** The templates with what was learned of one place, as long as there are not too many. */
function withLesson(list: readonly Template[], bucket: string, lesson: Lesson): readonly Template[] {
  const known = list.find(({ template }) => placeOf(template) === placeOf(lesson.template));
  if (known !== undefined) return list.map((it) => (it === known ? { ...known, ...lesson } : it));
  if (list.length >= templatesMax) return list;
  return [...list, { bucket, state: "learned", apart: [], ...lesson }];
}
