/** A request as its attributes, by dimension; `weight` says how many it stands for. */
export type Observed = {
  readonly attributes: ReadonlyMap<string, string>;
  readonly weight: number;
};

/** What is compared: the errors of a window and of the time before, and samples of all requests of both. */
export type Observations = {
  readonly errors: readonly Observed[];
  readonly errorsBefore: readonly Observed[];
  /** Errors among them. */
  readonly requests: readonly Observed[];
  readonly requestsBefore: readonly Observed[];
};

export type Term = { readonly dimension: string; readonly value: string };

/** How a part of the traffic stands against the time before. */
export type Standing = {
  readonly errors: number;
  readonly requests: number;
  readonly rate: number;
  /** Errors a request in this part before, drawn towards that of all traffic where little is known of it. */
  readonly rateBefore: number;
  /** Errors beyond those that the rate before would have made. */
  readonly excess: number;
  /** How many standard deviations that is. */
  readonly deviations: number;
  /** There was none of it before: it came with the window, and need not be what is wrong. */
  readonly isNew: boolean;
};

/** A part, told by as few attributes as do. */
export type Explanation = Standing & {
  readonly terms: readonly Term[];
  /** Of the excess of all that has any, 0 to 1. */
  readonly share: number;
};

export type Explained = Standing & {
  /** More errors than chance makes, whether anything explains them or not. */
  readonly isMore: boolean;
  readonly explanations: readonly Explanation[];
};

/** Less than this of the whole, chance may have done. */
const wholeDeviationsMin = 4;
/** Of a part, while the whole is as before: hundreds are looked at, and one of them is always strange. */
const partDeviationsMin = 6;
const explanationsMax = 5;
const termsMax = 4;
/** Of the excess of what it narrows, an attribute that is added must keep as much. */
export const keptMin = 0.85;
/** And of the requests it must leave at most as much. */
export const narrowedMax = 0.8;
/** What holds of more of the requests, then and now, tells nothing apart. */
const sharedMax = 0.95;
/** Of a part, beyond the errors that it would have if all failed alike. */
const unevenDeviationsMin = 4;
/** An explanation of less of the excess is not worth telling. */
const shareMin = 0.05;
/** Values of a dimension that are looked at: the most frequent among errors. */
const valuesMax = 200;
/** How many requests of all traffic count in what is known of a part from before. */
const priorRequests = 20;

/**
 * Finds the smallest conjunctions of attributes that explain why there were more errors than before. Begins with the
 * attribute whose part deviates most, adds others as long as that leaves out requests and keeps the excess, takes the part
 * away, and begins again with the rest.
 */
export function explained(all: Observations): Explained {
  const requestsBefore = Math.max(1, weightOf(all.requestsBefore));
  const usual = { rate: weightOf(all.errorsBefore) / requestsBefore, requests: requestsBefore };
  const whole = standingOf(weightsOf(all), usual);
  const floor = whole.deviations >= wholeDeviationsMin ? wholeDeviationsMin : partDeviationsMin;
  const found: Omit<Explanation, "share">[] = [];
  for (let left = all; found.length < explanationsMax;) {
    const least = shareMin * Math.max(whole.excess, sumOf(found));
    const terms = narrowest(left, { usual, floor, least });
    if (terms.length === 0) break;
    found.push({ terms, ...standingOf(weightsOf(parted(left, terms, true)), usual) });
    left = parted(left, terms, false);
  }
  const excess = Math.max(whole.excess, sumOf(found));
  const explanations = found
    .map((it) => ({ ...it, share: it.excess / excess }))
    .toSorted((a, b) => b.excess - a.excess);
  const isMore = whole.deviations >= wholeDeviationsMin || explanations.length > 0;
  return { ...whole, isMore, explanations };
}

/** Of all traffic before. */
type Usual = { readonly rate: number; readonly requests: number };
type Bounds = { readonly usual: Usual; readonly floor: number; readonly least: number };
type Weights = Readonly<Record<keyof Observations, number>>;

function standingOf({ errors, errorsBefore, requests, requestsBefore }: Weights, usual: Usual): Standing {
  // Requests are a sample of them: there were as many as there were errors at least.
  const seen = Math.max(requests, errors);
  const rateBefore = (errorsBefore + usual.rate * priorRequests) / (requestsBefore + priorRequests);
  const isNew = requestsBefore === 0;
  // Of what is new nothing is known from before but what all traffic did.
  const before = isNew
    ? { count: usual.rate * usual.requests, of: usual.requests }
    : { count: errorsBefore, of: requestsBefore };
  return {
    errors,
    requests: seen,
    rate: seen === 0 ? 0 : errors / seen,
    rateBefore,
    excess: errors - seen * rateBefore,
    deviations: deviationsOf({ count: errors, of: seen }, before),
    isNew,
  };
}

type Counted = { readonly count: number; readonly of: number };

/** Evens out roots of counts, so that few of them are as sure as they are and none is not taken for never. */
const evening = 3 / 8;

/**
 * How many standard deviations two rates are apart, by the roots of their counts, which vary alike however large they are
 * (F. J. Anscombe, Biometrika 35, 1948). Chance has its part in both.
 */
function deviationsOf(now: Counted, before: Counted): number {
  const ratio = now.of / before.of;
  const apart = Math.sqrt(now.count + evening) - Math.sqrt((before.count + evening) * ratio);
  return (2 * apart) / Math.sqrt(1 + ratio);
}

/** The attributes of the part with the excess, the one that deviates most first; none when nothing deviates enough. */
function narrowest(left: Observations, { usual, floor, least }: Bounds): readonly Term[] {
  const terms: Term[] = [];
  let part = left;
  const whole = { weights: weightsOf(left), standing: standingOf(weightsOf(left), usual) };
  let now: Standing | undefined;
  while (terms.length < termsMax) {
    const wide = now;
    const next = strangest(part, usual, terms, (it, weights) => {
      if (it.deviations < floor || it.excess < least) return false;
      if (wide === undefined) return tellsApart({ weights, standing: it }, whole);
      return it.excess >= keptMin * wide.excess && it.requests <= narrowedMax * wide.requests;
    });
    if (next === undefined) break;
    terms.push(next);
    part = parted(part, [next], true);
    now = standingOf(weightsOf(part), usual);
  }
  return terms;
}

type Part = { readonly weights: Weights; readonly standing: Standing };

/**
 * Whether a part has more of the excess than its share of the requests, or came with the window: where everything fails
 * alike, everything deviates, and whatever all requests share deviates most.
 */
function tellsApart({ weights, standing }: Part, whole: Part): boolean {
  const share = weights.requests / whole.weights.requests;
  const shareBefore = weights.requestsBefore / Math.max(1, whole.weights.requestsBefore);
  if (shareBefore < share / 2) return true;
  if (share > sharedMax) return false;
  const each = Math.max(0, whole.standing.excess) / whole.standing.requests;
  const even = standing.requests * (standing.rateBefore + each);
  const apart = 2 * (Math.sqrt(standing.errors + evening) - Math.sqrt(even + evening));
  return apart >= unevenDeviationsMin;
}

/** The attribute that deviates most of those allowed. */
function strangest(
  part: Observations,
  usual: Usual,
  used: readonly Term[],
  isAllowed: (standing: Standing, weights: Weights) => boolean,
): Term | undefined {
  const tables = {
    errors: tableOf(part.errors),
    errorsBefore: tableOf(part.errorsBefore),
    requests: tableOf(part.requests),
    requestsBefore: tableOf(part.requestsBefore),
  };
  let best: { readonly term: Term; readonly deviations: number } | undefined;
  for (const [dimension, values] of tables.errors) {
    if (used.some((it) => it.dimension === dimension)) continue;
    const frequent = [...values].toSorted(([, a], [, b]) => b - a).slice(0, valuesMax);
    for (const [value] of frequent) {
      const of = (table: Table): number => table.get(dimension)?.get(value) ?? 0;
      const weights = {
        errors: of(tables.errors),
        errorsBefore: of(tables.errorsBefore),
        requests: of(tables.requests),
        requestsBefore: of(tables.requestsBefore),
      };
      const standing = standingOf(weights, usual);
      if (!isAllowed(standing, weights) || standing.deviations <= (best?.deviations ?? 0)) continue;
      best = { term: { dimension, value }, deviations: standing.deviations };
    }
  }
  return best?.term;
}

type Table = ReadonlyMap<string, ReadonlyMap<string, number>>;

function tableOf(rows: readonly Observed[]): Table {
  const table = new Map<string, Map<string, number>>();
  for (const { attributes, weight } of rows)
    for (const [dimension, value] of attributes) {
      const counts = table.get(dimension) ?? new Map<string, number>();
      table.set(dimension, counts);
      counts.set(value, (counts.get(value) ?? 0) + weight);
    }
  return table;
}

/** What is, or is not, told by all of the terms. */
function parted(all: Observations, terms: readonly Term[], isTold: boolean): Observations {
  const keep = ({ attributes }: Observed): boolean =>
    terms.every(({ dimension, value }) => attributes.get(dimension) === value) === isTold;
  return {
    errors: all.errors.filter(keep),
    errorsBefore: all.errorsBefore.filter(keep),
    requests: all.requests.filter(keep),
    requestsBefore: all.requestsBefore.filter(keep),
  };
}

function weightsOf(all: Observations): Weights {
  return {
    errors: weightOf(all.errors),
    errorsBefore: weightOf(all.errorsBefore),
    requests: weightOf(all.requests),
    requestsBefore: weightOf(all.requestsBefore),
  };
}

function weightOf(rows: readonly Observed[]): number {
  return rows.reduce((sum, { weight }) => sum + weight, 0);
}

function sumOf(found: readonly { readonly excess: number }[]): number {
  return found.reduce((sum, { excess }) => sum + excess, 0);
}
