import type { Exchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import type { RecordChange } from "../../../engines/store/store.ts";
import type { Engines } from "../../../registry/engines.ts";
import { bucket as bucketKind } from "../../../registry/environment.ts";
import { plainChange } from "../../../registry/plain-change.ts";
import type { Upkeep } from "../../../registry/plane.ts";
import { workspace as workspaceKind } from "../../../registry/workspace.ts";
import { arranged, keyOf, placed, strayFrom } from "./bucket-routes.ts";
import { driftIn, driftOf, routeDrift, statusDrift, type Drift } from "./drift.ts";
import {
  driftChanges,
  keptCatalogue,
  keptPosition,
  positionChange,
  routeChanges,
  routesMax,
  type KeptCatalogue,
} from "./kept-catalogue.ts";
import { learned, type Lesson } from "./learning.ts";
import { clientOf, observationOf, statusOf } from "./observation.ts";
import { placeOf, routeTemplate, templatesMax, type Template } from "./route-template.ts";
import { lookedAt, newRoute, noted, type SeenRoute } from "./seen-route.ts";
import { templatesOf, type Templates } from "./templates.ts";

const everyMs = 60_000;
const workspacesMax = 1_000;
/** Exchanges of one round, of one workspace in it, and how many are read at a time. */
const rowsPerRound = 20_000;
const pagesPerWorkspace = 5;
const pageRows = 1_000;
/** Exchanges whose content is read in one round. */
const looksPerRound = 1_000;
/** Of a route and a status, as long as little is known, and in each round from then on. */
const looksWanted = 40;
const looksAgain = 2;
/** Where more comes than can be looked at, what is older than this is passed over. */
const behindMsMax = 10 * 60_000;
const driftsPerRound = 100;
/** A bucket that is known for less is being learned: all its routes are new. */
const learningMs = 3_600_000;

/** What of a round is left. */
type Budget = { rows: number; looks: number };

/**
 * Keeps what is known of each bucket's routes: of the exchanges that were recorded since it last looked, in the order of their
 * commits, those columns that tell a route, and the content of some. A round that is cut short is done again.
 */
export function cataloguing(engines: Engines): Upkeep {
  // Who had to wait when a round was over begins the next.
  let first = 0;
  let seen = -1;
  return {
    name: "cataloguing routes",
    everyMs,
    by: "one",
    async run() {
      const end = await engines.ledger.position();
      if (end === seen) return;
      const all = await engines.store.records.every(workspaceKind.kind, { limit: workspacesMax });
      const budget: Budget = { rows: rowsPerRound, looks: looksPerRound };
      for (const i of all.keys()) {
        const at = (first + i) % all.length;
        if (budget.rows <= 0) {
          first = at;
          return;
        }
        await catalogued(engines, all[at]?.id ?? "", budget).catch(again);
      }
      if (budget.rows > 0) seen = end;
    },
  };
}

/** What changed meanwhile, or could not be asked for, is looked at in the next round. */
function again(error: unknown): void {
  if (!(error instanceof Failure)) throw error;
}

async function catalogued(engines: Engines, workspace: string, budget: Budget): Promise<void> {
  const { ledger, store, clock } = engines;
  const buckets = new Map<string, BucketRound | undefined>();
  const begun = await keptPosition(store, workspace);
  let position = begun;
  for (let page = 0; page < pagesPerWorkspace && budget.rows > 0; page++) {
    const read = await ledger.since(workspace, position, { kinds: ["request"], limit: pageRows });
    position = read.position;
    if (read.rows.length === 0) break;
    budget.rows -= read.rows.length;
    const rows = read.rows.filter(({ plane }) => plane === "traffic");
    for (const [id, own] of Map.groupBy(rows, ({ subject }) => subject)) {
      if (!buckets.has(id)) buckets.set(id, await bucketRound(engines, workspace, id));
      await buckets.get(id)?.take(own, budget);
    }
    const last = read.rows.at(-1);
    const isLast = page === pagesPerWorkspace - 1 && read.rows.length === pageRows;
    if (isLast && last !== undefined && last.receivedAt < clock.now() - behindMsMax)
      position = await ledger.position();
  }
  if (position === begun) return;
  for (const round of buckets.values()) await round?.commit();
  await store.commit({
    workspace,
    at: clock.now(),
    ...byItself,
    entries: [positionChange(position, clock.now())],
  });
}

const byItself = {
  actor: { kind: "system", id: "catalogue" },
  operation: "catalogue_routes",
  records: [],
  entries: [],
  outbox: [],
  audit: null,
} as const;

async function bucketRound(
  engines: Engines,
  workspace: string,
  id: string,
): Promise<BucketRound | undefined> {
  const { store } = engines;
  if ((await store.records.get(workspace, bucketKind.kind, id)) === undefined) return undefined;
  return new BucketRound(engines, { workspace, id, kept: await keptCatalogue(store, workspace, id) });
}

type Kept = { readonly workspace: string; readonly id: string; readonly kept: KeptCatalogue };

/** One bucket in one round: what is known of it as it grows. */
class BucketRound {
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
